//! Two installations and one bucket: one of them wins, and nothing is mixed.

use ssg::deploy::DeployPoint;

use super::super::s3::S3;
use super::{
    bucket::{PREFIX, bucket, die, expected, read, second, start, without_assets},
    *,
};

/// Another installation that deploys to the same bucket.
fn rival(s3: &S3) -> Fleet {
    let mut rival = Fleet::new(&[]);
    publish(
        &rival.store,
        &[("index.html", "rival"), ("r/index.html", "r")],
        &["with space/ü\n.txt"],
    );
    rival.targets.push(bucket("bucket", &s3.endpoint()));
    rival
}

/// Lets a rival deploy when a deployment reaches a point; returns what became of both.
async fn with_rival_at(
    fleet: &Fleet,
    rival: &Fleet,
    point: DeployPoint,
) -> (anyhow::Result<Settled>, anyhow::Result<Settled>) {
    let (result, outcome) = std::sync::mpsc::channel();
    let theirs = rival.rollout();
    let live = rival.live();
    let theirs = std::sync::Mutex::new(Some((theirs, result)));
    let faults = Faults::hook(move |reached| {
        if reached != point {
            return;
        }
        let Some((theirs, result)) = theirs.lock().unwrap().take() else { return };
        let deploying = std::thread::spawn(move || {
            let runtime = tokio::runtime::Runtime::new().unwrap();
            result.send(runtime.block_on(theirs.deploy(live))).unwrap();
        });
        deploying.join().unwrap();
    });
    let ours = Rollout { faults, ..fleet.rollout() }.deploy(fleet.live()).await;
    (ours, outcome.recv().unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_installations_that_deploy_to_one_bucket_one_is_refused() {
    // Whoever copies has its turn.
    for point in [DeployPoint::AssetsCopied, DeployPoint::PagesCopied, DeployPoint::Exchanged] {
        let (mut fleet, s3) = start();
        fleet.targets.remove(0);
        fleet.deploy().await.unwrap();
        second(&fleet);
        let rival = rival(&s3);
        let (ours, theirs) = with_rival_at(&fleet, &rival, point).await;
        assert_eq!(ours.unwrap(), Settled::Everywhere, "{point:?}");
        let refused = format!("{:#}", theirs.unwrap_err());
        let expected_text = "target `bucket`: another installation is putting its release there";
        assert!(refused.contains(expected_text), "{refused}");
        assert_eq!(without_assets(read(&s3)), expected(&fleet));
        // Afterwards it may.
        rival.deploy().await.unwrap();
        assert_eq!(read(&s3), expected(&rival));
        assert_eq!(fleet.rollout().standings().unwrap()[0].showing, Showing::Foreign);
    }
    // Whoever has only prepared comes too late, and does not take the other's release away.
    for point in [DeployPoint::Prepared, DeployPoint::Flipping] {
        let (mut fleet, s3) = start();
        fleet.targets.remove(0);
        fleet.deploy().await.unwrap();
        second(&fleet);
        let rival = rival(&s3);
        let (ours, theirs) = with_rival_at(&fleet, &rival, point).await;
        assert_eq!(theirs.unwrap(), Settled::Everywhere, "{point:?}");
        let refused = format!("{:#}", ours.unwrap_err());
        let expected_text = "another installation has put its release there meanwhile";
        assert!(refused.contains(expected_text), "{refused}");
        assert_eq!(read(&s3), expected(&rival), "{point:?}");
        assert_eq!(fleet.journal().phase, Phase::Aborted);
        fleet.deploy().await.unwrap();
        assert_eq!(without_assets(read(&s3)), expected(&fleet));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_switch_of_which_nothing_is_heard_any_more_is_put_right_by_another_installation() {
    let (mut fleet, s3) = start();
    fleet.deploy().await.unwrap();
    second(&fleet);
    die(&fleet, &s3, DeployPoint::AssetsCopied, 1);
    fleet.targets.remove(0);
    let rival = rival(&s3);
    let refused = format!("{:#}", rival.deploy().await.unwrap_err());
    assert!(refused.contains("if it was killed, run `ssg deploy` there again"), "{refused}");
    // As if its time were over.
    let state = s3.path(format!("{PREFIX}/.galley/state.json"));
    let mut said: serde_json::Value = serde_json::from_slice(&fs::read(&state).unwrap()).unwrap();
    said["switching"]["until"] = 0.into();
    fs::write(&state, said.to_string()).unwrap();
    rival.deploy().await.unwrap();
    assert_eq!(read(&s3), expected(&rival));
}

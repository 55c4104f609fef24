//! A bucket among the targets: what its visitors find under its keys.

use std::{
    process::{Command, Stdio},
    sync::atomic::{AtomicUsize, Ordering},
};

use ssg::deploy::{Access, BucketPlace, DeployPoint};

use super::super::{
    end_to_end::process::eventually,
    s3::{BUCKET, KEY_ID, Mood, S3, SECRET},
};
use super::*;

pub(super) const PREFIX: &str = "site";
const TOLD: &str = "GALLEY_TEST_BUCKET_DEPLOY";
const ASSET: &str = "assets/site.0123456789ab.css";

pub(super) fn bucket(name: &str, endpoint: &str) -> Target {
    let access = [("AWS_ACCESS_KEY_ID", KEY_ID), ("AWS_SECRET_ACCESS_KEY", SECRET)];
    let access = access.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    Target {
        name: name.to_owned(),
        place: Place::Bucket(BucketPlace {
            name: BUCKET.to_owned(),
            prefix: PREFIX.to_owned(),
            endpoint: Some(endpoint.to_owned()),
            access: Access(access),
            ..BucketPlace::default()
        }),
        canary: false,
        url: None,
        log: None,
    }
}

/// A folder and a bucket, in this order.
pub(super) fn start() -> (Fleet, S3) {
    let (mut fleet, s3) = (Fleet::new(&["one"]), S3::start());
    // A key may hold any character but those that control.
    let (odd, refused) = ("with space/ü+%41&=?.txt", "with space/ü\n.txt");
    publish(&fleet.store, &[(odd, "odd")], &[refused]);
    fleet.targets.push(bucket("bucket", &s3.endpoint()));
    (fleet, s3)
}

/// What visitors of the bucket read.
pub(super) fn read(s3: &S3) -> BTreeMap<String, String> {
    let below = format!("{PREFIX}/");
    let keys = s3.keys().into_iter().filter_map(|key| Some(key.strip_prefix(&below)?.to_owned()));
    let visible = keys.filter(|key| !key.starts_with('.'));
    visible
        .map(|key| {
            let bytes = fs::read_to_string(s3.path(format!("{below}{key}"))).unwrap();
            (key, bytes)
        })
        .collect()
}

fn texts(tree: &BTreeMap<String, (String, i64)>) -> BTreeMap<String, String> {
    tree.iter().map(|(path, (text, _))| (path.clone(), text.clone())).collect()
}

/// The release that is live here, and what may stand there longer.
pub(super) fn expected(fleet: &Fleet) -> BTreeMap<String, String> {
    texts(&fleet.here())
}

/// A second release: something changed, came and went.
pub(super) fn second(fleet: &Fleet) {
    publish(
        &fleet.store,
        &[("a/index.html", "other"), ("c/index.html", "new"), ("sitemap.xml", "map")],
        &["b/index.html", ASSET],
    );
}

pub(super) fn without_assets(mut files: BTreeMap<String, String>) -> BTreeMap<String, String> {
    files.remove(ASSET);
    files
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bucket_shows_what_the_others_show() {
    let (fleet, s3) = start();
    assert_eq!(fleet.deploy().await.unwrap(), Settled::Everywhere);
    assert_eq!(read(&s3), expected(&fleet));
    let said = |path: &str| s3.attributes(&format!("{PREFIX}/{path}"));
    assert_eq!(said("a/index.html")["content_type"], "text/html; charset=utf-8");
    assert_eq!(said("a/index.html")["cache_control"], "public, no-cache");
    assert_eq!(said(ASSET)["cache_control"], "public, max-age=31536000, immutable");
    second(&fleet);
    s3.requests();
    fleet.deploy().await.unwrap();
    // The page is gone; the asset stays for pages that are open.
    let mut files = expected(&fleet);
    files.insert(ASSET.to_owned(), "css".to_owned());
    assert_eq!(read(&s3), files);
    let writes = |requests: Vec<super::super::s3::Request>, part: &str| {
        let wanted =
            |one: &&super::super::s3::Request| one.method == "PUT" && one.path.contains(part);
        requests.iter().filter(wanted).count()
    };
    let requests = s3.requests();
    assert_eq!(writes(requests.clone(), "/blobs/"), 3, "only missing bodies travel");
    assert_eq!(writes(requests, ".html"), 2, "only what differs is replaced");
    let standings = fleet.rollout().standings().unwrap();
    assert!(standings.iter().all(|one| one.showing == Showing::Release(3)), "{standings:?}");
    // Going back is a deployment like any other.
    fleet.rollout().deploy(2).await.unwrap();
    assert_eq!(read(&s3), texts(&fleet.shown("one")));
    // What no release at hand needs is not kept.
    publish(&fleet.store, &[("a/index.html", "third")], &[]);
    fleet.deploy().await.unwrap();
    publish(&fleet.store, &[("a/index.html", "fourth")], &[]);
    fleet.deploy().await.unwrap();
    let hidden = s3.keys().into_iter().filter(|key| key.contains("/.galley/blobs/")).count();
    assert!(hidden <= fleet.here().len() + 2, "{hidden} blobs");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_somebody_else_did_to_a_bucket_is_put_right_when_asked() {
    let (fleet, s3) = start();
    fleet.deploy().await.unwrap();
    fs::write(s3.path(format!("{PREFIX}/index.html")), "damaged").unwrap();
    fs::remove_file(s3.path(format!("{PREFIX}/a/index.html"))).unwrap();
    fs::write(s3.path("not-ours"), "kept").unwrap();
    fleet.deploy().await.unwrap();
    assert_ne!(read(&s3), expected(&fleet));
    Rollout { whole: true, ..fleet.rollout() }.deploy(fleet.live()).await.unwrap();
    assert_eq!(read(&s3), expected(&fleet));
    assert!(s3.path("not-ours").exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bucket_that_cannot_be_used_is_named() {
    let (mut fleet, s3) = start();
    let mut try_with = async |change: &dyn Fn(&mut BucketPlace), expected: &str| {
        fleet.targets[1] = bucket("bucket", &s3.endpoint());
        let Place::Bucket(place) = &mut fleet.targets[1].place else { unreachable!() };
        change(place);
        let refused = format!("{:#}", fleet.deploy().await.unwrap_err());
        assert!(refused.contains("nothing was switched: target `bucket`"), "{refused}");
        assert!(refused.contains(expected) && !refused.contains(SECRET), "{refused}");
        assert!(fleet.shown("one").is_empty());
    };
    try_with(&|it| it.access.0[1].1 = "wrong".to_owned(), "the credentials are refused").await;
    try_with(&|it| it.name = "another".to_owned(), "there is no such bucket").await;
    let nowhere = Some("http://127.0.0.1:9".to_owned());
    try_with(&|it| it.endpoint.clone_from(&nowhere), "the server cannot be reached").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bucket_that_goes_away_is_put_right_when_it_is_back() {
    let (fleet, s3) = start();
    fleet.deploy().await.unwrap();
    let before = read(&s3);
    second(&fleet);
    // While it is prepared: nobody has seen anything.
    s3.set(Mood::DownAfterWrites(1));
    let failed = format!("{:#}", fleet.deploy().await.unwrap_err());
    assert!(failed.contains("nothing was switched"), "{failed}");
    assert_eq!(read(&s3), before);
    // While it switches: it is known that it is between two releases.
    s3.set(Mood::Up);
    let server = std::sync::Arc::new(s3);
    let down = std::sync::Arc::clone(&server);
    let faults = Faults::hook(move |point| {
        if point == DeployPoint::AssetsCopied {
            down.set(Mood::Down);
        }
    });
    let failed = Rollout { faults, ..fleet.rollout() }.deploy(fleet.live()).await.unwrap_err();
    let failed = format!("{failed:#}");
    assert!(failed.contains("could not be taken back"), "{failed}");
    assert_eq!(fleet.journal().phase, Phase::Aborting);
    server.set(Mood::Up);
    let standings = fleet.rollout().standings().unwrap();
    assert_eq!(standings[1].showing, Showing::Switching);
    fleet.rollout().abort().unwrap();
    assert_eq!(read(&server), before);
    assert_eq!(fleet.rollout().standings().unwrap()[1].showing, Showing::Release(2));
    fleet.deploy().await.unwrap();
    assert_eq!(without_assets(read(&server)), expected(&fleet));
}

#[expect(clippy::disallowed_methods, reason = "a message from one test process to another")]
fn told() -> Option<String> {
    std::env::var(TOLD).ok()
}

/// Deploys, and dies when it reaches a point for the nth time.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_dies_while_it_deploys_to_a_bucket() {
    let Some(told) = told() else { return };
    let words: Vec<_> = told.split('|').collect();
    let (folder, point, nth) = (PathBuf::from(words[0]), words[1].to_owned(), words[2]);
    let (nth, count) = (nth.parse::<usize>().unwrap(), AtomicUsize::new(0));
    let faults = Faults::hook(move |reached| {
        if format!("{reached:?}") == point && count.fetch_add(1, Ordering::SeqCst) + 1 == nth {
            let this = rustix::process::getpid();
            rustix::process::kill_process(this, rustix::process::Signal::KILL).unwrap();
        }
    });
    let store = Store::open(&folder.join("dist")).unwrap();
    let live = store.live().unwrap().unwrap().id;
    let rollout = Rollout {
        store,
        targets: vec![local(&folder, "one"), bucket("bucket", words[3])],
        site: "https://example.org".to_owned(),
        cache: folder.join("cache"),
        watch: Duration::ZERO,
        promote: true,
        whole: false,
        guard: Policy::default(),
        faults,
    };
    let _ = rollout.deploy(live).await;
}

/// A process of its own that deploys.
fn process(fleet: &Fleet, s3: &S3, point: &str, nth: usize) -> Command {
    let test = "integration::deploy::bucket::a_process_that_dies_while_it_deploys_to_a_bucket";
    let folder = fleet.folder.path().display();
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", test]).stdout(Stdio::null());
    command.env(TOLD, format!("{folder}|{point}|{nth}|{}", s3.endpoint()));
    command
}

pub(super) fn die(fleet: &Fleet, s3: &S3, point: DeployPoint, nth: usize) {
    let status = process(fleet, s3, &format!("{point:?}"), nth).status().unwrap();
    let signal = std::os::unix::process::ExitStatusExt::signal(&status);
    assert_eq!(signal, Some(9), "{point:?} {nth} was not reached");
}

/// Every point that a deployment to a folder and a bucket comes to, the bucket's share of it.
fn points() -> impl Iterator<Item = (DeployPoint, usize)> {
    let canaries = [DeployPoint::CanaryFlipped, DeployPoint::Judged, DeployPoint::FlippedBack];
    let reached = DeployPoint::ALL.into_iter().filter(move |point| !canaries.contains(point));
    reached.map(|point| match point {
        DeployPoint::Opened | DeployPoint::Sent | DeployPoint::Prepared => (point, 2),
        DeployPoint::Flipping | DeployPoint::Flipped => (point, 2),
        _ => (point, 1),
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deployment_that_is_killed_goes_on_or_back_in_a_bucket() {
    for (point, nth) in points() {
        let (fleet, s3) = start();
        fleet.deploy().await.unwrap();
        let old = read(&s3);
        second(&fleet);
        die(&fleet, &s3, point, nth);
        fleet.rollout().abort().unwrap();
        assert_eq!(read(&s3), old, "{point:?}: back");
        // The folder has it all by now.
        let again = matches!(point, DeployPoint::Opened | DeployPoint::Sent);
        die(&fleet, &s3, point, if again { 1 } else { nth });
        // Every page that the pages of either release are made of is there all the time.
        assert!(read(&s3).contains_key("index.html"), "{point:?}");
        assert_eq!(fleet.deploy().await.unwrap(), Settled::Everywhere, "{point:?}");
        assert_eq!(without_assets(read(&s3)), expected(&fleet), "{point:?}: forth");
        assert_eq!(fleet.journal().phase, Phase::Done);
        die(&fleet, &s3, DeployPoint::Begun, 1);
        publish(&fleet.store, &[("index.html", "third")], &[]);
        fleet.deploy().await.unwrap();
        assert_eq!(without_assets(read(&s3)), expected(&fleet), "{point:?}: another");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_that_no_key_can_have_is_refused_before_anything_is_sent() {
    let (fleet, s3) = start();
    publish(&fleet.store, &[("line\nbreak.txt", "odd")], &[]);
    let refused = format!("{:#}", fleet.deploy().await.unwrap_err());
    assert!(refused.contains("nothing was switched: target `bucket`"), "{refused}");
    assert!(refused.contains("cannot be a key of a bucket"), "{refused}");
    assert_eq!(s3.keys(), Vec::<String>::new());
}

/// Kills a deployment once the bucket has taken so many writes, and returns how many of them
/// were copies.
fn killed_after(fleet: &Fleet, s3: &S3, writes: usize) -> usize {
    s3.requests();
    s3.set(Mood::HangsAfterWrites(writes));
    let mut deploying = process(fleet, s3, "never", 1).spawn().unwrap();
    eventually("so many writes", || s3.hangs().then_some(()));
    deploying.kill().unwrap();
    deploying.wait().unwrap();
    s3.set(Mood::Up);
    let is_copy =
        |one: &super::super::s3::Request| one.method == "PUT" && !one.path.contains("/.galley/");
    s3.requests().iter().filter(|one| is_copy(one)).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deployment_that_is_killed_between_two_copies_goes_on_or_back() {
    let mut between = 0;
    // Three bodies, a tree and the note that a switch begins come before the copies.
    for writes in 6..=8 {
        let (fleet, s3) = start();
        fleet.deploy().await.unwrap();
        let old = read(&s3);
        second(&fleet);
        let copied = killed_after(&fleet, &s3, writes);
        between += usize::from((1..3).contains(&copied));
        assert_eq!(fleet.rollout().standings().unwrap()[1].showing, Showing::Switching);
        fleet.rollout().abort().unwrap();
        assert_eq!(read(&s3), old, "{writes} writes: back");
        // Everything is there by now but the note.
        killed_after(&fleet, &s3, writes - 4);
        assert_eq!(fleet.deploy().await.unwrap(), Settled::Everywhere);
        assert_eq!(without_assets(read(&s3)), expected(&fleet), "{writes} writes: forth");
    }
    assert!(between > 0, "no kill was between two copies");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_target_is_tried_out_and_left_as_it_was() {
    let (fleet, s3) = start();
    let try_out = |target: &Target| target.try_out().map_err(|error| format!("{error:#}"));
    assert_eq!(try_out(&fleet.targets[1]), Ok(()));
    assert_eq!(s3.keys(), Vec::<String>::new());
    let Place::Bucket(mut place) = fleet.targets[1].place.clone() else { unreachable!() };
    place.access.0[1].1 = "wrong".to_owned();
    let target = Target { place: Place::Bucket(place), ..fleet.targets[1].clone() };
    let said = try_out(&target).unwrap_err();
    assert!(said.contains("target `bucket`: s3://media/site at "), "{said}");
    assert!(said.contains("the credentials are refused") && !said.contains(SECRET), "{said}");
}

//! What is aimed at, and at which size. Exactness counts at every size.

use super::report::Report;

const MEDIUM: usize = 10_000;
const LARGE: usize = 100_000;

pub(crate) fn judge(report: &mut Report, smaller: &[Report]) {
    exactness(report);
    match report.posts {
        MEDIUM => medium(report),
        LARGE => large(report, smaller),
        _ => {}
    }
}

fn exactness(report: &mut Report) {
    let rules = [
        ("body_exact", "a body edit renders the pages whose bytes change, no other"),
        ("rename_exact", "a rename reaches every page that showed the name, in one release"),
        ("burst_exact", "after the burst the site is as a clean build makes it"),
    ];
    for (name, what) in rules {
        let met = report.is(name);
        report.target(what, "always".to_owned(), if met { "yes" } else { "no" }.to_owned(), met);
    }
}

/// `name` must not exceed `most`; what was not measured is not judged.
fn at_most(report: &mut Report, name: &str, what: &str, most: f64, unit: &str) {
    if let Some(value) = report.get(name) {
        let figure = format!("{value:.3}{unit}");
        report.target(what, format!("≤ {most:.3}{unit}"), figure, value <= most);
    }
}

fn medium(report: &mut Report) {
    at_most(report, "hugo_ratio", "clean build, times Hugo's wall", 0.25, "");
    at_most(report, "floor_ratio", "clean build, times the write floor", 4.0, "");
    at_most(report, "clean_mb", "clean build, memory", 400.0, " MB");
    at_most(report, "nothing_s", "build of nothing", 0.3, " s");
    at_most(report, "body_disk_p50_ms", "one body, webhook's arrival to disk, p50", 15.0, " ms");
    at_most(report, "rename_disk_ms", "one rename, webhook's arrival to disk", 150.0, " ms");
}

fn large(report: &mut Report, smaller: &[Report]) {
    let at = |posts: usize, name: &str| {
        smaller.iter().find(|report| report.posts == posts).and_then(|report| report.get(name))
    };
    if let Some(clean) = at(MEDIUM, "clean_s") {
        let most = clean * 1.2 * (LARGE / MEDIUM) as f64;
        at_most(report, "clean_s", "clean build, within 20 % of linear", most, " s");
    }
    at_most(report, "clean_mb", "clean build, memory", 2048.0, " MB");
    at_most(report, "daemon_peak_mb", "`ssg serve`, memory", 2048.0, " MB");
    at_most(report, "ready_s", "`ssg serve`, start to ready", 3.0, " s");
    at_most(report, "publish_p99_ms", "publish to live, p99", 100.0, " ms");
    if let Some(p99) = at(1_000, "publish_p99_ms") {
        let what = "publish to live, p99, three times that at 1000 posts";
        at_most(report, "publish_p99_ms", what, 3.0 * p99, " ms");
    }
}

//! The four requests of `bench/strapi-bench.sh`, what was recorded and is aimed at, a list asked in
//! GraphQL, and one that costs nothing but the way there and back.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::load::Loaded;

/// Strapi's recorded figures (tests/conformance/BEHAVIOUR.md); the better end of each range.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Recorded {
    /// Requests per second with one and with sixteen connections.
    pub(crate) rate: [f64; 2],
    /// Milliseconds, median and 99th percentile, likewise.
    pub(crate) latency: [(f64, f64); 2],
    /// Processor time of a request in milliseconds.
    pub(crate) cpu: f64,
}

/// One of the requests.
pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    head: String,
    /// Where the number of a created article goes.
    body: Option<[String; 2]>,
    count: AtomicUsize,
    /// Strapi's figures, if this was asked of it.
    pub(crate) recorded: Option<Recorded>,
    /// Most processor time a request may take at 10 000 articles, in milliseconds.
    pub(crate) target: Option<f64>,
}

impl Scenario {
    /// The bytes of the next request.
    pub(crate) fn request(&self) -> String {
        let Some([before, after]) = &self.body else { return format!("{}\r\n", self.head) };
        let number = self.count.fetch_add(1, Ordering::Relaxed);
        let body = format!("{before}{number}{after}");
        let length = body.len();
        format!(
            "{}Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}",
            self.head
        )
    }
}

pub(crate) fn all(loaded: &Loaded) -> [Scenario; 6] {
    let make = |name, request: &str, recorded, target| Scenario {
        name,
        head: format!(
            "{request} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {}\r\n",
            loaded.token
        ),
        body: None,
        count: AtomicUsize::new(0),
        recorded: Some(recorded),
        target: Some(target),
    };
    let page = "GET /api/articles?pagination%5BpageSize%5D=25";
    let one = format!("GET /api/articles/{}?populate=*", loaded.article);
    let body = [
        r#"{"data":{"title":"Bench article "#.to_owned(),
        format!(
            r##"","summary":"s","body":"# hi","views":1,"kind":"news","author":"{}","seo":{{"metaTitle":"m"}}}}}}"##,
            loaded.author
        ),
    ];
    // The number goes into a variable that the query does not have.
    let graphql = [format!(r#"{{"query":"{GRAPHQL}","variables":{{"n":"#), "}}".to_owned()];
    // What waking up for a request and answering it costs on this machine.
    let empty = make("empty answer", "GET /_health", LIST, 0.0);
    [
        Scenario { recorded: None, target: None, ..empty },
        make("list 25", page, LIST, 0.30),
        make("list 25 populate=*", &format!("{page}&populate=*"), LIST_POPULATED, 0.76),
        make("one populate=*", &one, ONE_POPULATED, 0.30),
        Scenario { body: Some(body), ..make("create", "POST /api/articles", CREATE, 3.3) },
        Scenario {
            body: Some(graphql),
            recorded: None,
            ..make("GraphQL list 25", "POST /graphql", LIST, 1.5)
        },
    ]
}

/// Those that show related entries, as a server answers them that keeps no cards.
pub(crate) fn without_cards(loaded: &Loaded) -> [Scenario; 2] {
    let [_, _, list, one, ..] = all(loaded);
    let renamed = |name, scenario| Scenario { name, target: None, ..scenario };
    [renamed("list 25 populate=*, no cards", list), renamed("one populate=*, no cards", one)]
}

/// 25 articles with author, categories and cover.
const GRAPHQL: &str = "{ articles(pagination: {pageSize: 25}) { documentId title slug publishedAt \
    author { name } categories { name slug } cover { url width height } } }";

const LIST: Recorded =
    Recorded { rate: [36.0, 60.0], latency: [(24.0, 342.0), (258.0, 2300.0)], cpu: 12.0 };
const LIST_POPULATED: Recorded =
    Recorded { rate: [15.0, 24.0], latency: [(60.0, 116.0), (521.0, 5510.0)], cpu: 32.0 };
const ONE_POPULATED: Recorded =
    Recorded { rate: [40.0, 63.0], latency: [(23.0, 57.0), (223.0, 1870.0)], cpu: 13.0 };
const CREATE: Recorded =
    Recorded { rate: [7.3, 10.0], latency: [(126.0, 269.0), (872.0, 7200.0)], cpu: 55.0 };

//! Editors at work: each writes articles of its own over REST, minds every answer and
//! remembers what the content server has confirmed.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use serde_json::{Value, json};

use super::super::http::{Answer, Http};
use super::dice::Dice;

/// Articles of one editor that are kept.
const MOST: usize = 20;

/// What an editor knows in the end.
#[derive(Debug, Default)]
pub(super) struct Work {
    /// By slug the titles that may stand there; none for an article that may be gone. One
    /// where the content server's word is known.
    pub(super) articles: BTreeMap<String, Vec<Option<String>>>,
    /// Places in the feed of what was confirmed.
    pub(super) confirmed: Vec<i64>,
}

pub(super) struct Editor {
    http: Http,
    url: String,
    dice: Dice,
    name: String,
    stop: Arc<AtomicBool>,
    work: Work,
    /// Slug and documentId of what can be edited.
    alive: Vec<(String, String)>,
    written: usize,
}

impl Editor {
    pub(super) fn start(
        number: u64,
        url: &str,
        token: &str,
        seed: u64,
        stop: &Arc<AtomicBool>,
    ) -> JoinHandle<Work> {
        let (url, token, stop) = (url.to_owned(), token.to_owned(), Arc::clone(stop));
        std::thread::spawn(move || {
            let editor = Self {
                http: Http::new(Some(&token)),
                url: format!("{url}/api/articles"),
                dice: Dice::new(seed ^ (number << 32)),
                name: format!("editor-{number}"),
                stop,
                work: Work::default(),
                alive: Vec::new(),
                written: 0,
            };
            editor.run()
        })
    }

    fn run(mut self) -> Work {
        while !self.over() {
            std::thread::park_timeout(self.dice.millis(10, 90));
            match self.dice.below(10) {
                0..4 if self.alive.len() < MOST => self.create(),
                8 if !self.alive.is_empty() => self.end("DELETE", ""),
                9 if !self.alive.is_empty() => self.end("POST", "/actions/unpublish"),
                _ if self.alive.is_empty() => self.create(),
                _ => self.change(),
            }
        }
        self.work
    }

    fn over(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    fn title(&mut self) -> String {
        self.written += 1;
        format!("{} wrote {}", self.name, self.written)
    }

    /// An answer that is the content server's word; none when it is not known what happened.
    fn write(&mut self, method: &str, url: &str, data: &Value) -> Option<Answer> {
        let answer = self.http.try_write(method, url, data)?;
        assert!(
            answer.status < 400 || answer.status == 404 || answer.status >= 500,
            "{method} {url}: {} {}",
            answer.status,
            answer.body
        );
        if answer.status < 400 {
            self.work.confirmed.push(answer.header("X-Galley-Seq").parse().unwrap());
        }
        (answer.status < 500).then_some(answer)
    }

    /// Not repeated when the answer is lost: that might make two.
    fn create(&mut self) {
        let title = self.title();
        let slug = format!("{}-{}", self.name, self.written);
        let data = json!({ "data": {
            "title": title, "slug": slug, "summary": "In a storm.", "body": "Text.",
            "publishedOn": "2026-02-01",
        } });
        let answer = self.write("POST", &self.url.clone(), &data);
        let known = match &answer {
            Some(answer) => {
                let id = answer.json()["data"]["documentId"].as_str().unwrap().to_owned();
                self.alive.push((slug.clone(), id));
                vec![Some(title)]
            }
            None => vec![None, Some(title)],
        };
        self.work.articles.insert(slug, known);
    }

    /// Repeated until it is confirmed, as may be done with what has the same effect twice.
    fn change(&mut self) {
        let title = self.title();
        let at = usize::try_from(self.dice.below(self.alive.len() as u64)).unwrap();
        let (slug, id) = self.alive[at].clone();
        let url = format!("{}/{id}", self.url);
        loop {
            let answer = self.write("PUT", &url, &json!({ "data": { "title": title } }));
            if let Some(answer) = answer {
                assert_eq!(answer.status, 200, "{slug} was confirmed and is gone");
                self.work.articles.insert(slug, vec![Some(title)]);
                return;
            }
            if self.over() {
                self.work.articles.get_mut(&slug).unwrap().push(Some(title));
                return;
            }
        }
    }

    /// The article leaves the site.
    fn end(&mut self, method: &str, path: &str) {
        let at = usize::try_from(self.dice.below(self.alive.len() as u64)).unwrap();
        let (slug, id) = self.alive.swap_remove(at);
        let url = format!("{}/{id}{path}", self.url);
        let answer = self.write(method, &url, &json!({}));
        let known = self.work.articles.get_mut(&slug).unwrap();
        match answer {
            Some(_) => *known = vec![None],
            None => known.push(None),
        }
    }
}

//! The way of webhooks from the content server to the site: half of them get lost, a fifth of
//! the others comes twice, a fifth too late. What the content server sent is kept.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use cms_api::webhook::ID_HEADER;
use serde_json::Value;

use super::dice::Dice;

const LOST_PERCENT: u64 = 50;
const DOUBLED_PERCENT: u64 = 20;
const LATE_PERCENT: u64 = 20;
/// Answered with an error, although it was heard: it must come again under the same id.
const UNANSWERED_PERCENT: u64 = 2;
/// The site may be dead just now; a webhook that cannot be passed on is lost.
const SITE_TIMEOUT: Duration = Duration::from_secs(2);

/// A request as it came.
#[derive(Debug, Clone)]
struct Letter {
    head: String,
    id: String,
    body: Vec<u8>,
}

#[derive(Debug)]
pub(super) struct Courier {
    pub(super) url: String,
    letters: Arc<Mutex<Vec<Letter>>>,
}

impl Courier {
    /// Passes webhooks on to the address of the site's daemon.
    pub(super) fn start(site: &str, seed: u64, raging: &Arc<AtomicBool>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/hooks/cms", listener.local_addr().unwrap());
        let letters = Arc::new(Mutex::new(Vec::new()));
        let bag = Bag {
            site: site.to_owned(),
            letters: Arc::clone(&letters),
            raging: Arc::clone(raging),
            fate: Arc::new(Mutex::new((Dice::new(seed), Vec::new()))),
        };
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let bag = bag.clone();
                std::thread::spawn(move || bag.carry(stream));
            }
        });
        Self { url, letters }
    }

    /// How many requests came, repetitions included.
    pub(super) fn count(&self) -> usize {
        self.letters.lock().unwrap().len()
    }

    /// Places in the feed by event, each told once: under one id, however often it was sent.
    pub(super) fn events(&self) -> BTreeMap<i64, Vec<String>> {
        let mut by_id: BTreeMap<String, Value> = BTreeMap::new();
        for letter in self.letters.lock().unwrap().iter() {
            let body: Value = serde_json::from_slice(&letter.body).unwrap();
            let before = by_id.insert(letter.id.clone(), body.clone());
            assert!(before.is_none_or(|before| before == body), "{} says two things", letter.id);
        }
        let mut events: BTreeMap<i64, Vec<String>> = BTreeMap::new();
        for body in by_id.values() {
            let said = format!("{} {} {}", body["event"], body["documentId"], body["locale"]);
            events.entry(body["seq"].as_i64().unwrap()).or_default().push(said);
        }
        for (seq, said) in &mut events {
            said.sort();
            let before = said.len();
            said.dedup();
            assert_eq!(said.len(), before, "an event of {seq} has two ids: {said:?}");
        }
        events
    }
}

#[derive(Debug, Clone)]
struct Bag {
    site: String,
    letters: Arc<Mutex<Vec<Letter>>>,
    raging: Arc<AtomicBool>,
    /// What is late waits here for the next that is not.
    fate: Arc<Mutex<(Dice, Vec<Letter>)>>,
}

impl Bag {
    fn carry(&self, mut stream: TcpStream) {
        let Some(letter) = read(&stream) else { return };
        self.letters.lock().unwrap().push(letter.clone());
        let (out, answer) = self.decide(letter);
        for letter in out {
            let _ = self.pass_on(&letter);
        }
        let answer = format!("HTTP/1.1 {answer}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        let _ = stream.write_all(answer.as_bytes());
    }

    /// What goes to the site now, and the answer to the content server.
    fn decide(&self, letter: Letter) -> (Vec<Letter>, &'static str) {
        const FINE: &str = "204 No Content";
        let mut fate = self.fate.lock().unwrap();
        let (dice, late) = &mut *fate;
        if !self.raging.load(Ordering::Relaxed) {
            return (vec![letter], FINE);
        }
        if dice.percent(LOST_PERCENT) {
            return (Vec::new(), FINE);
        }
        let answer = match dice.percent(UNANSWERED_PERCENT) {
            true => "503 Service Unavailable",
            false => FINE,
        };
        if dice.percent(LATE_PERCENT) {
            late.push(letter);
            return (Vec::new(), answer);
        }
        let mut out = vec![letter.clone()];
        out.extend(dice.percent(DOUBLED_PERCENT).then_some(letter));
        out.append(late);
        (out, answer)
    }

    fn pass_on(&self, letter: &Letter) -> std::io::Result<()> {
        let mut site = TcpStream::connect(&self.site)?;
        site.set_read_timeout(Some(SITE_TIMEOUT))?;
        site.write_all(letter.head.as_bytes())?;
        site.write_all(b"Connection: close\r\n\r\n")?;
        site.write_all(&letter.body)?;
        site.read_to_end(&mut Vec::new()).map(drop)
    }
}

fn read(stream: &TcpStream) -> Option<Letter> {
    let mut reader = BufReader::new(stream);
    let (mut head, mut id, mut length) = (String::new(), String::new(), 0);
    loop {
        let mut line = String::new();
        // A content server that was killed leaves half a request.
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        if line == "\r\n" {
            break;
        }
        if let Some((name, value)) = line.split_once(": ") {
            match name.to_ascii_lowercase().as_str() {
                "content-length" => length = value.trim().parse().ok()?,
                ID_HEADER => id = value.trim().to_owned(),
                _ => {}
            }
        }
        head.push_str(&line);
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Letter { head, id, body })
}

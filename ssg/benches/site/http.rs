//! A client that keeps its connection, so that little but the server is measured.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;

use serde_json::{Value, json};

pub(crate) struct Client {
    address: String,
    token: Option<String>,
    stream: Option<BufReader<TcpStream>>,
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
    closes: bool,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error} in {}: {}", self.status, self.text()))
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

impl Client {
    pub(crate) fn new(url: &str, token: Option<&str>) -> Self {
        let address = url.trim_start_matches("http://").to_owned();
        Self { address, token: token.map(str::to_owned), stream: None }
    }

    pub(crate) fn get(&mut self, path: &str) -> Answer {
        self.send("GET", path, "")
    }

    /// `None` when nobody answers.
    pub(crate) fn try_get(&mut self, path: &str) -> Option<Answer> {
        let request = self.request("GET", path, "");
        self.attempt(&request).ok()
    }

    /// Changes a document, and thereby publishes it.
    pub(crate) fn put(&mut self, path: &str, data: &Value) {
        let answer = self.send("PUT", path, &json!({ "data": data }).to_string());
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    }

    /// A server closes connections that were idle or served long: one more try is fair.
    fn send(&mut self, method: &str, path: &str, body: &str) -> Answer {
        let request = self.request(method, path, body);
        let answer = self.attempt(&request).or_else(|_| self.attempt(&request));
        answer.unwrap_or_else(|error| panic!("{method} {}{path}: {error}", self.address))
    }

    fn request(&self, method: &str, path: &str, body: &str) -> String {
        let mut head = format!("{method} {path} HTTP/1.1\r\nHost: {}\r\n", self.address);
        if let Some(token) = &self.token {
            head += &format!("Authorization: Bearer {token}\r\n");
        }
        if !body.is_empty() {
            head +=
                &format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len());
        }
        head + "\r\n" + body
    }

    fn attempt(&mut self, request: &str) -> io::Result<Answer> {
        let mut stream = match self.stream.take() {
            Some(stream) => stream,
            None => {
                let stream = TcpStream::connect(&self.address)?;
                stream.set_nodelay(true)?;
                BufReader::new(stream)
            }
        };
        stream.get_mut().write_all(request.as_bytes())?;
        let answer = read(&mut stream)?;
        if !answer.closes {
            self.stream = Some(stream);
        }
        Ok(answer)
    }
}

fn read(stream: &mut BufReader<TcpStream>) -> io::Result<Answer> {
    let mut answer = Answer { status: 0, body: Vec::new(), closes: false };
    let (mut line, mut length) = (String::new(), None);
    loop {
        line.clear();
        if stream.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let text = line.trim_end();
        if text.is_empty() {
            break;
        }
        if answer.status == 0 {
            answer.status = text.split(' ').nth(1).and_then(|it| it.parse().ok()).unwrap_or(0);
        }
        let (name, value) = text.split_once(':').unwrap_or((text, ""));
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.trim().parse().ok(),
            "connection" => answer.closes = value.trim().eq_ignore_ascii_case("close"),
            _ => {}
        }
    }
    // All three servers know how long their answers are.
    answer.body.resize(length.ok_or(io::ErrorKind::InvalidData)?, 0);
    stream.read_exact(&mut answer.body)?;
    Ok(answer)
}

//! A visitor or an editor: requests as a browser or a script would send them.

use serde_json::Value;

/// An HTTP client without cookies that does not follow redirects.
pub(crate) struct Http {
    runtime: tokio::runtime::Runtime,
    client: reqwest::Client,
    token: Option<String>,
}

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body)
            .unwrap_or_else(|error| panic!("{error} in {}: {}", self.status, self.body))
    }
}

impl Http {
    pub(crate) fn new(token: Option<&str>) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            // A server that was killed and started again must not be met on a dead connection.
            .pool_max_idle_per_host(0)
            .timeout(super::process::PATIENCE)
            .build()
            .unwrap();
        Self { runtime, client, token: token.map(str::to_owned) }
    }

    /// The token this client sends.
    pub(crate) fn token(&self) -> &str {
        self.token.as_deref().unwrap_or_default()
    }

    /// `None` when nobody answers.
    pub(crate) fn try_get(&self, url: &str) -> Option<Answer> {
        self.send(self.client.get(url)).ok()
    }

    pub(crate) fn get(&self, url: &str) -> Answer {
        self.try_get(url).unwrap_or_else(|| panic!("no answer from {url}"))
    }

    pub(crate) fn post(&self, url: &str, body: &Value) -> Answer {
        self.send(self.client.post(url).json(body)).unwrap()
    }

    pub(crate) fn put(&self, url: &str, body: &Value) -> Answer {
        self.send(self.client.put(url).json(body)).unwrap()
    }

    /// The same as somebody with this token.
    pub(crate) fn get_as(&self, url: &str, token: &str) -> Answer {
        self.send(self.client.get(url).bearer_auth(token)).unwrap()
    }

    /// `None` when no whole answer comes.
    pub(crate) fn try_write(&self, method: &str, url: &str, body: &Value) -> Option<Answer> {
        let method = method.parse().unwrap();
        self.send(self.client.request(method, url).json(body)).ok()
    }

    /// With headers of the test's own.
    pub(crate) fn get_with(&self, url: &str, headers: &[(&str, &str)]) -> Answer {
        let request = self.client.get(url);
        let request = headers.iter().fold(request, |request, (k, v)| request.header(*k, *v));
        self.send(request).unwrap()
    }

    pub(crate) fn post_raw(&self, url: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let request = self.client.post(url).body(body.to_owned());
        let request = headers.iter().fold(request, |request, (k, v)| request.header(*k, *v));
        self.send(request).unwrap()
    }

    fn send(&self, request: reqwest::RequestBuilder) -> reqwest::Result<Answer> {
        let request = match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        };
        self.runtime.block_on(async {
            let answer = request.send().await?;
            let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
            Ok(Answer { status, headers, body: answer.text().await? })
        })
    }
}

//! What is wrong with a template, and where, in a form both people and an
//! error overlay can use.

use std::fmt;

use tera::{Error, ErrorKind, ReportError};

/// One fault. Lines and columns count from 1; 0 means that the place is the whole file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateFault {
    /// The template's name, which is its path below the templates folder.
    pub file: String,
    pub line: usize,
    pub column: usize,
    pub message: String,
    /// The attribute of the page's entry whose text is at fault: `body`, `sections.2.text`.
    pub field: Option<String>,
    /// The message with the source line and the calls that led there.
    pub report: String,
}

impl fmt::Display for TemplateFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.line, self.file.as_str()) {
            (_, "") => write!(f, "{}", self.message),
            (0, file) => write!(f, "{file}: {}", self.message),
            (line, file) => write!(f, "{file}:{line}:{}: {}", self.column, self.message),
        }
    }
}

impl std::error::Error for TemplateFault {}

/// Every fault found while loading, in the order of files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Faults(pub Vec<TemplateFault>);

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<_> = self.0.iter().map(ToString::to_string).collect();
        f.write_str(&lines.join("\n"))
    }
}

impl std::error::Error for Faults {}

impl TemplateFault {
    pub(crate) fn in_file(file: &str, message: impl Into<String>) -> Self {
        Self::at(file, 0, 0, message)
    }

    pub(crate) fn at(file: &str, line: usize, column: usize, message: impl Into<String>) -> Self {
        let message = message.into();
        let mut fault = Self {
            file: file.to_owned(),
            line,
            column,
            message,
            field: None,
            report: String::new(),
        };
        fault.report = format!("error: {fault}");
        fault
    }

    /// The fault of an error that Tera raised about `template`.
    pub(crate) fn of_error(template: &str, error: &Error) -> Self {
        let mut fault = match error.kind() {
            ErrorKind::SyntaxError(report) | ErrorKind::RenderingError(report) => {
                Self::of_report(report)
            }
            ErrorKind::CircularExtend { tpl, .. } | ErrorKind::CircularInclude { tpl, .. } => {
                Self::in_file(tpl, error.to_string())
            }
            ErrorKind::MissingParent { current, parent } => {
                Self::in_file(current, format!("it extends `{parent}`, which does not exist"))
            }
            _ => Self::in_file(template, error.to_string()),
        };
        fault.report = error.to_string();
        fault
    }

    fn of_report(report: &ReportError) -> Self {
        let span = report.span();
        Self::at(report.filename(), span.start_line, span.start_col + 1, report.message())
    }

    /// The faults of an error about the set as a whole: Tera joins its reports with blank
    /// lines, each naming its place as `--> file:line:column`.
    pub(crate) fn of_set(error: &Error) -> Vec<Self> {
        let ErrorKind::Msg(text) = error.kind() else { return vec![Self::of_error("", error)] };
        if !text.starts_with("error: ") {
            return vec![Self::in_file("", text.clone())];
        }
        let reports = text.split("\n\nerror: ").map(|part| part.trim_start_matches("error: "));
        reports.map(Self::of_printed).collect()
    }

    fn of_printed(report: &str) -> Self {
        let mut lines = report.lines();
        let message = lines.next().unwrap_or_default().to_owned();
        let place = lines.next().and_then(|line| line.split_once("--> ")).map(|(_, place)| place);
        let mut parts = place.unwrap_or_default().rsplitn(3, ':');
        let column = parts.next().and_then(|text| text.parse().ok()).unwrap_or(0);
        let line = parts.next().and_then(|text| text.parse().ok()).unwrap_or(0);
        let file = parts.next().unwrap_or_default().to_owned();
        Self { file, line, column, message, field: None, report: format!("error: {report}") }
    }
}

//! What a value may be, and the walk that casts it and collects every broken rule.
//!
//! The order in which values are cast, tests run and errors are listed is part of the
//! answer clients see, so it follows the validation library behind Strapi exactly:
//! a value of the wrong type reports only that; errors below an object or a list come
//! before the object's own; fields are listed in schema order.

use cms_api::error::FieldError;
use serde_json::{Map, Value};

use super::cast::Cast;
use super::place::Place;
use super::print::{plain, print};
use super::spot::Spot;
use super::test::Test;

/// The rule for one value.
pub(crate) struct Rule<'a> {
    pub(super) shape: Shape<'a>,
    pub(super) nullable: bool,
    /// The value is taken as it was given; nothing is converted.
    pub(super) as_given: bool,
    /// The only values allowed, besides a missing one.
    pub(super) one_of: Option<Vec<Value>>,
    pub(super) tests: Vec<Test<'a>>,
    /// Stands in for a missing value.
    pub(super) default: Option<Value>,
}

pub(crate) enum Shape<'a> {
    Any,
    Text,
    Number,
    BigInteger,
    Boolean,
    /// A list whose items follow the rule made for each of them.
    List(Box<dyn Fn(&Value) -> Rule<'a> + 'a>),
    /// An object with rules for some of its keys; other keys are kept as they are.
    Object(Vec<(String, Rule<'a>)>),
}

/// What a check needs from outside.
pub(crate) struct Check<'c> {
    /// Whether the value at this spot is held a second time.
    pub(crate) is_taken: &'c mut dyn FnMut(&Spot, &Value) -> bool,
}

/// A value after its check.
#[derive(Debug)]
pub(crate) struct Checked {
    pub(crate) kept: Option<Value>,
    /// How many rounds of tests it and everything below it took.
    rounds: usize,
}

impl std::fmt::Debug for Rule<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Rule({}, {} tests)", self.shape.name(), self.tests.len())
    }
}

impl std::fmt::Debug for Check<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Check")
    }
}

impl Shape<'_> {
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Any | Self::BigInteger => "mixed",
            Self::Text => "string",
            Self::Number => "number",
            Self::Boolean => "boolean",
            Self::List(_) => "array",
            Self::Object(_) => "object",
        }
    }
}

impl<'a> Rule<'a> {
    pub(super) fn new(shape: Shape<'a>) -> Self {
        Self {
            shape,
            nullable: false,
            as_given: false,
            one_of: None,
            tests: Vec::new(),
            default: None,
        }
    }

    pub(super) fn nullable(mut self) -> Self {
        self.nullable = true;
        self
    }

    pub(super) fn uncast(mut self) -> Self {
        self.as_given = true;
        self
    }

    pub(super) fn one_of(mut self, values: impl IntoIterator<Item = impl Into<Value>>) -> Self {
        self.one_of = Some(values.into_iter().map(Into::into).collect());
        self
    }

    pub(super) fn test(mut self, test: Test<'a>) -> Self {
        self.tests.push(test);
        self
    }

    /// Casts the value, appends every broken rule to `errors` and returns what is to be kept.
    pub(crate) fn check(
        &self,
        given: Option<&Value>,
        place: &Place,
        check: &mut Check<'_>,
        errors: &mut Vec<FieldError>,
    ) -> Checked {
        let cast = self.cast(given);
        if let Some(wrong) = self.type_error(given, &cast, place) {
            errors.push(wrong);
            errors.extend(self.choice_error(&cast, place));
            return Checked { kept: cast.into_value(), rounds: 1 };
        }
        if let Some(wrong) = self.choice_error(&cast, place) {
            errors.push(wrong);
            return Checked { kept: cast.into_value(), rounds: 1 };
        }
        let mut own = Vec::new();
        for test in &self.tests {
            if let Err(message) = test.run(&cast, place.name(), check) {
                own.push(field_error(place, message, &cast));
            }
        }
        let Checked { kept, rounds } = self.check_below(cast, place, check, errors);
        // The message of a failed test shows the value with everything below it cast.
        for mut error in own {
            if error.value.is_some() && matches!(self.shape, Shape::List(_) | Shape::Object(_)) {
                error.value.clone_from(&kept);
            }
            errors.push(error);
        }
        Checked { kept, rounds: rounds + 1 + usize::from(!self.tests.is_empty()) }
    }

    fn check_below(
        &self,
        cast: Cast,
        place: &Place,
        check: &mut Check<'_>,
        errors: &mut Vec<FieldError>,
    ) -> Checked {
        match (&self.shape, cast) {
            (Shape::List(rule_for), Cast::Json(Value::Array(items))) => {
                check_items(rule_for, &items, place, check, errors)
            }
            (Shape::Object(rules), Cast::Json(Value::Object(map))) => {
                check_fields(rules, map, place, check, errors)
            }
            (_, cast) => Checked { kept: cast.into_value(), rounds: 0 },
        }
    }

    fn type_error(&self, given: Option<&Value>, cast: &Cast, place: &Place) -> Option<FieldError> {
        if matches!(cast, Cast::Absent) || self.fits(cast) {
            return None;
        }
        let shown = match cast {
            Cast::Json(value) => print(value),
            Cast::NotFinite(_) | Cast::Absent => "NaN".to_owned(),
        };
        let converted = given.filter(|given| !given.is_null() && !cast.equals(given));
        let from = converted.map_or_else(
            || ".".to_owned(),
            |given| format!(" (cast from the value `{}`).", print(given)),
        );
        let message = format!(
            "{} must be a `{}` type, but the final value was: `{shown}`{from}",
            place.name(),
            self.shape.name()
        );
        Some(field_error(place, message, cast))
    }

    fn choice_error(&self, cast: &Cast, place: &Place) -> Option<FieldError> {
        let allowed = self.one_of.as_ref()?;
        let value = match cast {
            Cast::Absent => return None,
            Cast::NotFinite(_) => &Value::Null,
            Cast::Json(value) => value,
        };
        if !matches!(cast, Cast::NotFinite(_)) && allowed.contains(value) {
            return None;
        }
        let list: Vec<_> = allowed.iter().map(|value| plain(value).unwrap_or_default()).collect();
        let message =
            format!("{} must be one of the following values: {}", place.name(), list.join(", "));
        Some(field_error(place, message, cast))
    }
}

/// All items are checked side by side, one round of tests after the other: an item that is
/// done sooner is reported sooner.
fn check_items<'a>(
    rule_for: &dyn Fn(&Value) -> Rule<'a>,
    items: &[Value],
    place: &Place,
    check: &mut Check<'_>,
    errors: &mut Vec<FieldError>,
) -> Checked {
    let mut found: Vec<(usize, Vec<FieldError>)> = Vec::new();
    let mut kept = Vec::with_capacity(items.len());
    let mut last = 0;
    for (index, item) in items.iter().enumerate() {
        let mut below = Vec::new();
        let checked = rule_for(item).check(Some(item), &place.index(index), check, &mut below);
        kept.push(checked.kept.unwrap_or(Value::Null));
        last = last.max(checked.rounds);
        found.push((checked.rounds, below));
    }
    found.sort_by_key(|(rounds, _)| *rounds);
    errors.extend(found.into_iter().flat_map(|(_, below)| below));
    Checked { kept: Some(kept.into()), rounds: last }
}

fn check_fields(
    rules: &[(String, Rule<'_>)],
    mut map: Map<String, Value>,
    place: &Place,
    check: &mut Check<'_>,
    errors: &mut Vec<FieldError>,
) -> Checked {
    let mut last = 0;
    let mut found: Vec<(usize, Vec<FieldError>)> = Vec::new();
    for (name, rule) in rules {
        let at = place.key(name);
        let mut below = Vec::new();
        let checked = rule.check(map.get(name), &at, check, &mut below);
        last = last.max(checked.rounds);
        match checked.kept {
            Some(value) => drop(map.insert(name.clone(), value)),
            None => drop(map.shift_remove(name)),
        }
        if !below.is_empty() {
            // A field is listed where the first key stands that its path contains.
            let rank = rules.iter().position(|(key, _)| at.shown().contains(key.as_str()));
            found.push((rank.unwrap_or(usize::MAX), below));
        }
    }
    found.sort_by_key(|(rank, _)| *rank);
    errors.extend(found.into_iter().flat_map(|(_, below)| below));
    Checked { kept: Some(map.into()), rounds: last }
}

pub(super) fn field_error(place: &Place, message: String, cast: &Cast) -> FieldError {
    match cast {
        Cast::Absent => FieldError::without_value(place.parts(), message),
        Cast::NotFinite(_) => FieldError::new(place.parts(), message, Value::Null),
        Cast::Json(value) => FieldError::new(place.parts(), message, value.clone()),
    }
}

//! From an attribute of the content model to the rule its values follow.

use cms_api::content_type::{Attribute, AttributeKind, RelationKind};
use cms_api::model::ContentModel;
use indexmap::IndexMap;
use serde_json::Value;

use super::Mode;
use super::blocks;
use super::rule::{Rule, Shape};
use super::spot::{Above, Spot};
use super::test::Test;

/// The characters of a uid.
const UID_PATTERN: &str = "^[A-Za-z0-9-_.~]*$";
/// The most characters of a `string` attribute whose schema does not say.
const SHORT_TEXT: u64 = 255;

/// Makes the rules of one write.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rules<'a> {
    pub(super) model: &'a ContentModel,
    pub(super) mode: Mode,
}

impl<'a> Rules<'a> {
    /// The rule for an object with these attributes, given what was sent for it.
    ///
    /// `above` is where the object stands.
    pub(super) fn object(
        self,
        attributes: &'a IndexMap<String, Attribute>,
        given: Option<&Value>,
        above: &Above,
    ) -> Rule<'a> {
        Rule::new(Shape::Object(self.fields(attributes, given, above)))
    }

    fn fields(
        self,
        attributes: &'a IndexMap<String, Attribute>,
        given: Option<&Value>,
        above: &Above,
    ) -> Vec<(String, Rule<'a>)> {
        attributes
            .iter()
            .filter(|(_, attribute)| attribute.writable)
            .map(|(name, attribute)| {
                let value = given.and_then(|given| given.get(name));
                let rule = self.attribute(attribute, value, above.spot(name));
                (name.clone(), self.with_default(rule, attribute))
            })
            .collect()
    }

    fn with_default(self, mut rule: Rule<'a>, attribute: &Attribute) -> Rule<'a> {
        if self.mode.creation {
            let is_list = matches!(
                attribute.kind,
                AttributeKind::Component { repeatable: true, .. }
                    | AttributeKind::DynamicZone { .. }
            );
            rule.default = if is_list && !attribute.required {
                Some(Value::Array(Vec::new()))
            } else {
                attribute.default.clone()
            };
        }
        rule
    }

    fn attribute(self, attribute: &'a Attribute, value: Option<&Value>, spot: Spot) -> Rule<'a> {
        match &attribute.kind {
            AttributeKind::Media { .. } | AttributeKind::Relation(_) => {
                Rule::new(Shape::Any).nullable().uncast()
            }
            AttributeKind::Component { component, repeatable: false } => {
                let rule = match self.model.component(component) {
                    Some(part) => self.object(&part.attributes, value, &spot.component(component)),
                    None => Rule::new(Shape::Any),
                };
                self.required(rule.uncast(), attribute.required && !self.mode.draft)
            }
            AttributeKind::Component { component, repeatable: true } => {
                let above = spot.component(component);
                let part = move |item: &Value| self.part(component, item, &above);
                let items = Shape::List(Box::new(part));
                self.list(Rule::new(items), attribute, value)
            }
            AttributeKind::DynamicZone { .. } => {
                let items = Shape::List(Box::new(move |item| self.zone_item(item, &spot)));
                self.list(Rule::new(items), attribute, value)
            }
            _ => self.scalar(attribute, spot),
        }
    }

    fn list(self, rule: Rule<'a>, attribute: &Attribute, value: Option<&Value>) -> Rule<'a> {
        let mut rule = self.required(rule.uncast(), true);
        if self.mode.draft {
            return rule;
        }
        let filled = value.and_then(Value::as_array).is_some_and(|items| !items.is_empty());
        if let Some(least) = count(attribute.min).filter(|_| attribute.required || filled) {
            rule = rule.test(Test::MinItems(least, None));
        }
        if let Some(most) = count(attribute.max) {
            rule = rule.test(Test::MaxItems(most));
        }
        rule
    }

    fn part(self, component: &str, item: &Value, above: &Above) -> Rule<'a> {
        match self.model.component(component) {
            Some(part) => self.object(&part.attributes, Some(item), above).test(Test::NotNull),
            None => Rule::new(Shape::Any),
        }
    }

    fn zone_item(self, item: &Value, zone: &Spot) -> Rule<'a> {
        let known = self.model.components().map(|part| part.uid.clone()).collect::<Vec<_>>();
        let kind = Rule::new(Shape::Text).one_of(known.into_iter().rev()).test(Test::Present);
        let mut fields = vec![("__component".to_owned(), kind)];
        let uid = item.get("__component").and_then(Value::as_str);
        if let Some(part) = uid.and_then(|uid| self.model.component(uid)) {
            let above = zone.zone_item(&part.uid);
            fields.extend(self.fields(&part.attributes, Some(item), &above));
        }
        Rule::new(Shape::Object(fields)).test(Test::NotNull)
    }

    fn required(self, rule: Rule<'a>, required: bool) -> Rule<'a> {
        match (required, self.mode.creation) {
            (false, _) => rule.nullable(),
            (true, true) => rule.test(Test::Defined),
            (true, false) => rule.test(Test::NotNull),
        }
    }

    fn scalar(self, attribute: &'a Attribute, spot: Spot) -> Rule<'a> {
        let is_unique = attribute.unique || matches!(attribute.kind, AttributeKind::Uid { .. });
        let unique = |rule: Rule<'a>| match is_unique && !self.mode.draft {
            true => rule.test(Test::Unique(spot)),
            false => rule,
        };
        let rule = match &attribute.kind {
            AttributeKind::String | AttributeKind::Text | AttributeKind::RichText => {
                unique(self.text(attribute))
            }
            AttributeKind::Password => unique(self.password(attribute)),
            AttributeKind::Email => self.email(unique(self.text(attribute))),
            AttributeKind::Uid { .. } => self.uid(unique(self.text(attribute)), attribute),
            AttributeKind::Enumeration { values } => {
                let values = values.iter().cloned().map(Value::String);
                Rule::new(Shape::Text).one_of(values.chain([Value::Null]))
            }
            AttributeKind::Integer => {
                let rule = Rule::new(Shape::Number).test(Test::Integer);
                unique(bounds(rule, attribute, self.mode, f64::trunc))
            }
            AttributeKind::Float | AttributeKind::Decimal => {
                let rule = Rule::new(Shape::Number).test(Test::Finite);
                unique(bounds(rule, attribute, self.mode, |bound| bound))
            }
            AttributeKind::BigInteger => {
                unique(Rule::new(Shape::BigInteger).test(Test::BigInteger))
            }
            AttributeKind::Boolean => Rule::new(Shape::Boolean).nullable(),
            // Whether a moment can be read shows when it is stored.
            AttributeKind::Date
            | AttributeKind::Time
            | AttributeKind::DateTime
            | AttributeKind::Timestamp => unique(Rule::new(Shape::Any)),
            AttributeKind::Blocks => blocks::rule(),
            AttributeKind::Json
            | AttributeKind::Media { .. }
            | AttributeKind::Relation(_)
            | AttributeKind::Component { .. }
            | AttributeKind::DynamicZone { .. } => Rule::new(Shape::Any),
        };
        self.required(rule, attribute.required && !self.mode.draft)
    }

    /// A text is never too long; how short it may be and its pattern count once the document
    /// is to be published.
    fn text(self, attribute: &'a Attribute) -> Rule<'a> {
        lengths(Rule::new(Shape::Text).uncast(), attribute, self.mode)
    }

    /// Only what a client sends is measured: what is stored is a hash.
    fn password(self, attribute: &'a Attribute) -> Rule<'a> {
        let rule = Rule::new(Shape::Text).uncast();
        if self.mode.stored { rule } else { lengths(rule, attribute, self.mode) }
    }

    fn uid(self, rule: Rule<'a>, attribute: &'a Attribute) -> Rule<'a> {
        if self.mode.draft {
            return rule;
        }
        let pattern = attribute.regex.as_deref().unwrap_or(UID_PATTERN);
        rule.test(Test::Matches { pattern, skip_empty: false })
    }

    fn email(self, mut rule: Rule<'a>) -> Rule<'a> {
        if self.mode.draft {
            return rule;
        }
        // The rule against empty addresses takes the place of a minimum length.
        rule.tests.retain(|test| !matches!(test, Test::MinLength(_)));
        rule.test(Test::Email).test(Test::NotEmpty)
    }
}

fn lengths<'a>(mut rule: Rule<'a>, attribute: &'a Attribute, mode: Mode) -> Rule<'a> {
    if let Some(least) = attribute.min_length.filter(|least| *least > 0 && !mode.draft) {
        rule = rule.test(Test::MinLength(least));
    }
    let usual = matches!(attribute.kind, AttributeKind::String).then_some(SHORT_TEXT);
    if let Some(most) = attribute.max_length.filter(|most| *most > 0).or(usual) {
        rule = rule.test(Test::MaxLength(most));
    }
    if let Some(pattern) = attribute.regex.as_deref().filter(|_| !mode.draft) {
        rule = rule.test(Test::Matches { pattern, skip_empty: !attribute.required });
    }
    rule
}

/// A number is never too large; how small it may be counts once the document is to be
/// published.
fn bounds<'a>(
    mut rule: Rule<'a>,
    attribute: &Attribute,
    mode: Mode,
    round: fn(f64) -> f64,
) -> Rule<'a> {
    if let Some(least) = attribute.min.filter(|_| !mode.draft) {
        rule = rule.test(Test::Min(round(least)));
    }
    if let Some(most) = attribute.max {
        rule = rule.test(Test::Max(round(most)));
    }
    rule
}

/// A number of items; anything but a whole number is no limit.
fn count(bound: Option<f64>) -> Option<u64> {
    let bound = bound.filter(|bound| bound.fract() == 0.0 && *bound >= 0.0)?;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "whole and not negative"
    )]
    Some(bound as u64)
}

/// Whether the relation may lead to documents of any type.
pub(crate) fn is_polymorphic(kind: RelationKind) -> bool {
    matches!(kind, RelationKind::MorphToOne | RelationKind::MorphToMany)
}

//! The time. The only place that asks for it.

use jiff::Timestamp;

/// Unix milliseconds, as every table stores them.
#[must_use]
pub fn now() -> i64 {
    Timestamp::now().as_millisecond()
}

/// `2026-01-02T03:04:05.678Z`
#[must_use]
pub fn iso(millis: i64) -> String {
    let at = Timestamp::from_millisecond(millis).unwrap_or_default();
    let (days, millis) = (at.as_millisecond().div_euclid(DAY), at.as_millisecond().rem_euclid(DAY));
    let (year, month, day) = civil(days);
    if !(0..=9999).contains(&year) {
        return format!("{at:.3}");
    }
    // By hand, digit by digit: a list answer shows hundreds of times.
    let mut text = *b"0000-00-00T00:00:00.000Z";
    let mut digits = |places: std::ops::Range<usize>, mut number: i64| {
        for place in places.rev() {
            text[place] = b"0123456789"[(number % 10) as usize];
            number /= 10;
        }
    };
    digits(0..4, year);
    digits(5..7, month);
    digits(8..10, day);
    digits(11..13, millis / 3_600_000);
    digits(14..16, millis / 60_000 % 60);
    digits(17..19, millis / 1_000 % 60);
    digits(20..23, millis % 1_000);
    std::str::from_utf8(&text).unwrap_or_default().to_owned()
}

/// Milliseconds of a day.
const DAY: i64 = 86_400_000;

/// Year, month and day of a number of days since 1970. Counts in years that begin in March,
/// so that a leap day is the last of its year, and in eras of 400 years, which are all alike.
fn civil(days: i64) -> (i64, i64, i64) {
    const ERA: i64 = 146_097;
    let days = days + 719_468;
    let (era, day_of_era) = (days.div_euclid(ERA), days.rem_euclid(ERA));
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    (era * 400 + year_of_era + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    proptest::proptest! {
        #[test]
        fn agrees_with_the_calendar(millis in -62_167_219_200_000_i64..253_402_300_799_999) {
            let at = Timestamp::from_millisecond(millis).unwrap();
            proptest::prop_assert_eq!(super::iso(millis), format!("{at:.3}"));
        }
    }

    #[test]
    fn always_shows_milliseconds() {
        assert_eq!(super::iso(1_767_323_045_000), "2026-01-02T03:04:05.000Z");
        assert_eq!(super::iso(1_767_323_045_678), "2026-01-02T03:04:05.678Z");
    }
}

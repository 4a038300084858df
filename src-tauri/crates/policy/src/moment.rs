//! Instants as texts: RFC 3339 with its zone, and the hour and weekday somebody's wall shows.

/// An instant with the offset it was written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Moment {
    /// Nanoseconds since 1970-01-01T00:00:00Z.
    pub(crate) nanoseconds: i128,
    pub(crate) offset_minutes: i32,
}

const SECOND: i128 = 1_000_000_000;
const DAY_SECONDS: i64 = 86_400;

pub(crate) const WEEKDAYS: [&str; 7] =
    ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

impl Moment {
    /// RFC 3339 §5.6, zone required; a fraction longer than nine digits and a leap second are not taken.
    pub(crate) fn parse(text: &str) -> Option<Moment> {
        let (date, rest) = text.split_once(['T', 't', ' '])?;
        let mut parts = date.split('-');
        let (year, month, day) =
            (digits(parts.next()?, 4)?, digits(parts.next()?, 2)?, digits(parts.next()?, 2)?);
        let at = rest.find(['Z', 'z', '+', '-'])?;
        let (clock, zone) = rest.split_at_checked(at)?;
        let (clock, fraction) = match clock.split_once('.') {
            Some((clock, fraction)) => (clock, fraction),
            None => (clock, "0"),
        };
        let mut units = clock.split(':');
        let (hour, minute, second) =
            (digits(units.next()?, 2)?, digits(units.next()?, 2)?, digits(units.next()?, 2)?);
        let whole = parts.next().is_none() && units.next().is_none();
        if !whole
            || !(1..=12).contains(&month)
            || !(1..=days_in(year, month)).contains(&day)
            || hour > 23
            || minute > 59
            || second > 59
        {
            return None;
        }
        if fraction.is_empty() || fraction.len() > 9 || !fraction.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let nanos: i128 = format!("{fraction:0<9}").parse().ok()?;
        let offset_minutes = offset(zone)?;
        let seconds = days_since_epoch(year, month, day) * DAY_SECONDS + hour * 3_600 + minute * 60 + second
            - i64::from(offset_minutes) * 60;
        Some(Moment { nanoseconds: i128::from(seconds) * SECOND + nanos, offset_minutes })
    }

    pub(crate) fn milliseconds(self) -> i64 {
        i64::try_from(self.nanoseconds.div_euclid(SECOND / 1_000)).unwrap_or(i64::MAX)
    }

    pub(crate) fn of_milliseconds(milliseconds: i64, offset_minutes: i32) -> Moment {
        Moment { nanoseconds: i128::from(milliseconds) * (SECOND / 1_000), offset_minutes }
    }

    /// Seconds on the wall where the offset holds.
    fn local_seconds(self) -> i64 {
        let seconds = i64::try_from(self.nanoseconds.div_euclid(SECOND)).unwrap_or(0);
        seconds.saturating_add(i64::from(self.offset_minutes) * 60)
    }

    /// 0 to 23.
    pub(crate) fn hour(self) -> i64 {
        self.local_seconds().rem_euclid(DAY_SECONDS) / 3_600
    }

    pub(crate) fn weekday(self) -> &'static str {
        // 1970-01-01 was a Thursday.
        let day = (self.local_seconds().div_euclid(DAY_SECONDS) + 3).rem_euclid(7);
        usize::try_from(day).ok().and_then(|day| WEEKDAYS.get(day)).copied().unwrap_or("monday")
    }

    /// To the millisecond, in UTC.
    pub(crate) fn rfc3339(self) -> String {
        let milliseconds = self.milliseconds();
        let (year, month, day) = civil(milliseconds.div_euclid(DAY_SECONDS * 1_000));
        let clock = milliseconds.rem_euclid(DAY_SECONDS * 1_000);
        let (seconds, fraction) = (clock / 1_000, clock % 1_000);
        let (hour, minute, second) = (seconds / 3_600, seconds % 3_600 / 60, seconds % 60);
        format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{fraction:03}Z")
    }

    /// "2026-01-05 13:00 (+01:00)", to the minute.
    pub(crate) fn shown(self) -> String {
        let local = self.local_seconds();
        let (year, month, day) = civil(local.div_euclid(DAY_SECONDS));
        let clock = local.rem_euclid(DAY_SECONDS);
        let (sign, offset) =
            (if self.offset_minutes < 0 { '-' } else { '+' }, self.offset_minutes.unsigned_abs());
        let zone = if offset == 0 {
            "UTC".to_owned()
        } else {
            format!("{sign}{:02}:{:02}", offset / 60, offset % 60)
        };
        format!("{year:04}-{month:02}-{day:02} {:02}:{:02} ({zone})", clock / 3_600, clock % 3_600 / 60)
    }
}

fn digits(text: &str, count: usize) -> Option<i64> {
    (text.len() == count && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok())?
}

fn offset(zone: &str) -> Option<i32> {
    if matches!(zone, "Z" | "z") {
        return Some(0);
    }
    let sign = if zone.starts_with('-') { -1 } else { 1 };
    let (hours, minutes) = zone.get(1..)?.split_once(':')?;
    let (hours, minutes) = (digits(hours, 2)?, digits(minutes, 2)?);
    (hours <= 23 && minutes <= 59)
        .then(|| i32::try_from(hours * 60 + minutes).ok().map(|total| sign * total))?
}

fn days_in(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Proleptic Gregorian calendar, counted in eras of 400 years that begin in March.
fn days_since_epoch(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// The inverse of [`days_since_epoch`].
fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let march = (5 * of_year + 2) / 153;
    let (day, month) = (of_year - (153 * march + 2) / 5 + 1, if march < 10 { march + 3 } else { march - 9 });
    (year + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_read_with_their_zone() {
        let of = |text: &str| Moment::parse(text).map(Moment::milliseconds);
        assert_eq!(of("1970-01-01T00:00:00Z"), Some(0));
        assert_eq!(of("2026-01-05T12:00:00Z"), Some(1_767_614_400_000));
        assert_eq!(of("2026-01-05T13:30:00.5+01:30"), Some(1_767_614_400_500));
        assert_eq!(of("2024-02-29T23:59:59-00:01"), Some(1_709_251_259_000));
        assert_eq!(of("0000-03-01T00:00:00Z"), Some(-62_162_035_200_000));
        for text in [
            "2026-01-05",
            "2026-01-05T12:00:00",
            "2026-02-29T00:00:00Z",
            "2026-01-05T24:00:00Z",
            "2026-01-05T12:00:60Z",
            "2026-1-5T12:00:00Z",
            "2026-01-05T12:00Z",
            "2026-01-05T12:00:00+1:00",
            "2026-01-05T12:00:00.Z",
            "+026-01-05T12:00:00Z",
        ] {
            assert_eq!(of(text), None, "{text}");
        }
    }

    #[test]
    fn hour_and_weekday_are_those_of_the_wall() {
        let noon = Moment::parse("2026-01-05T12:00:00Z").unwrap();
        assert_eq!((noon.hour(), noon.weekday()), (12, "monday"));
        let east = Moment::of_milliseconds(noon.milliseconds(), 13 * 60);
        assert_eq!((east.hour(), east.weekday()), (1, "tuesday"));
        assert_eq!(east.shown(), "2026-01-06 01:00 (+13:00)");
        assert_eq!(
            Moment::parse("2026-01-06T01:00:00.25+13:00").unwrap().rfc3339(),
            "2026-01-05T12:00:00.250Z"
        );
        let before = Moment::parse("1969-12-31T23:00:00Z").unwrap();
        assert_eq!((before.hour(), before.weekday()), (23, "wednesday"));
    }

    #[test]
    fn days_and_dates_are_inverse() {
        for days in (-800_000..800_000).step_by(37) {
            let (year, month, day) = civil(days);
            assert_eq!(days_since_epoch(year, month, day), days);
        }
    }
}

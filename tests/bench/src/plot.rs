//! Latency against load as a picture: SVG text, both axes logarithmic, readable in light and dark.

use crate::arms::Arm;

/// One measured point of a curve.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Point {
    pub(crate) arm: Arm,
    /// Calls a second.
    pub(crate) load: f64,
    /// Microseconds.
    pub(crate) p50: f64,
    pub(crate) p99: f64,
}

const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 420.0;
const LEFT: f64 = 70.0;
const RIGHT: f64 = 130.0;
const TOP: f64 = 24.0;
const BOTTOM: f64 = 52.0;

pub(crate) fn svg(points: &[Point]) -> String {
    let loads = bounds(points.iter().map(|point| point.load));
    let times = bounds(points.iter().flat_map(|point| [point.p50, point.p99]));
    let x = |load: f64| LEFT + part(load, loads) * (WIDTH - LEFT - RIGHT);
    let y = |time: f64| HEIGHT - BOTTOM - part(time, times) * (HEIGHT - TOP - BOTTOM);
    let mut body = String::new();
    for time in steps(times) {
        let (at, text) = (y(time), length(time));
        body += &format!("<path class=\"grid\" d=\"M{LEFT} {at:.1}H{:.1}\"/>\n", WIDTH - RIGHT);
        body += &format!(
            "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{text}</text>\n",
            LEFT - 8.0,
            at + 4.0
        );
    }
    for load in steps(loads) {
        let at = x(load);
        body += &format!("<path class=\"grid\" d=\"M{at:.1} {TOP}V{:.1}\"/>\n", HEIGHT - BOTTOM);
        body += &format!(
            "<text x=\"{at:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{load:.0}</text>\n",
            HEIGHT - BOTTOM + 18.0
        );
    }
    body += &format!(
        "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">calls a second</text>\n",
        (LEFT + WIDTH - RIGHT) / 2.0,
        HEIGHT - 12.0
    );
    for (arm, class) in [(Arm::Direct, "direct"), (Arm::Raw, "raw"), (Arm::Doorward, "door")] {
        let own: Vec<&Point> = points.iter().filter(|point| point.arm == arm).collect();
        for (name, dashed, of) in
            [("p50", "", (|point| point.p50) as fn(&Point) -> f64), ("p99", " dashed", |point| point.p99)]
        {
            let line: Vec<String> =
                own.iter().map(|point| format!("{:.1} {:.1}", x(point.load), y(of(point)))).collect();
            let Some(last) = own.last() else { continue };
            body += &format!("<path class=\"line {class}{dashed}\" d=\"M{}\"/>\n", line.join("L"));
            let word = if arm == Arm::Doorward { "doorward" } else { class };
            body += &format!(
                "<text class=\"{class}\" x=\"{:.1}\" y=\"{:.1}\">{word} {name}</text>\n",
                x(last.load) + 8.0,
                y(of(last)) + 4.0
            );
        }
    }
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"Latency against load\">\n\
         <style>text{{font:12px sans-serif;fill:#495057}}.grid{{stroke:#8884;fill:none}}.line{{fill:none;stroke-width:2}}\
         .dashed{{stroke-dasharray:5 4}}.line.direct{{stroke:#868e96}}.line.raw{{stroke:#1c7ed6}}.line.door{{stroke:#e8590c}}\
         text.direct{{fill:#868e96}}text.raw{{fill:#1c7ed6}}text.door{{fill:#e8590c}}\
         @media (prefers-color-scheme:dark){{text{{fill:#ced4da}}}}</style>\n{body}</svg>\n"
    )
}

fn bounds(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let (low, high) = values
        .filter(|value| *value > 0.0)
        .fold((f64::INFINITY, 1.0_f64), |(low, high), value| (low.min(value), high.max(value)));
    (low.min(high) * 0.9, high * 1.1)
}

/// Where a value lies between the bounds, from 0 to 1.
fn part(value: f64, (low, high): (f64, f64)) -> f64 {
    (value.max(low) / low).ln() / (high / low).ln()
}

/// Round numbers within the bounds.
fn steps((low, high): (f64, f64)) -> Vec<f64> {
    let decades = (0..9).map(|power| 10_f64.powi(power));
    decades.flat_map(|ten| [ten, 2.0 * ten, 5.0 * ten]).filter(|step| (low..=high).contains(step)).collect()
}

fn length(microseconds: f64) -> String {
    if microseconds < 1_000.0 {
        format!("{microseconds:.0} us")
    } else {
        format!("{:.0} ms", microseconds / 1_000.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_arm_has_its_two_lines_within_the_picture() {
        let point = |arm, load, p50| Point { arm, load, p50, p99: p50 * 3.0 };
        let points = [
            point(Arm::Direct, 1_000.0, 100.0),
            point(Arm::Direct, 8_000.0, 200.0),
            point(Arm::Doorward, 1_000.0, 250.0),
            point(Arm::Doorward, 8_000.0, 900.0),
        ];
        let picture = svg(&points);
        assert_eq!(picture.matches("class=\"line").count(), 4);
        assert!(picture.contains("doorward p99") && !picture.contains("NaN"), "{picture}");
    }
}

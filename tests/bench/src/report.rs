//! What a run prints and leaves behind: a table for people, JSON for programs, and which targets hold.

use crate::arms::{Arm, Figures};
use serde::Serialize;

/// One scenario: the arms beside each other, or single figures.
#[derive(Debug, Serialize)]
pub(crate) struct Section {
    pub(crate) name: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) arms: Vec<Figures>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) figures: Vec<(String, String)>,
    pub(crate) targets: Vec<Target>,
}

/// A figure that is promised.
#[derive(Debug, Serialize)]
pub(crate) struct Target {
    pub(crate) name: String,
    pub(crate) reached: f64,
    pub(crate) limit: f64,
    pub(crate) unit: &'static str,
    pub(crate) holds: bool,
}

impl Target {
    pub(crate) fn at_most(name: impl Into<String>, reached: f64, limit: f64, unit: &'static str) -> Target {
        Target { name: name.into(), reached, limit, unit, holds: reached <= limit }
    }

    pub(crate) fn at_least(name: impl Into<String>, reached: f64, limit: f64, unit: &'static str) -> Target {
        Target { name: name.into(), reached, limit, unit, holds: reached >= limit }
    }
}

impl Section {
    pub(crate) fn new(name: impl Into<String>) -> Section {
        Section { name: name.into(), arms: Vec::new(), figures: Vec::new(), targets: Vec::new() }
    }

    pub(crate) fn arm(&self, arm: Arm) -> Option<&Figures> {
        self.arms.iter().find(|figures| figures.arm == arm)
    }

    pub(crate) fn figure(&mut self, name: impl Into<String>, text: impl Into<String>) {
        self.figures.push((name.into(), text.into()));
    }

    /// As it is printed.
    pub(crate) fn text(&self) -> String {
        let mut text = format!("\n{}\n", self.name);
        if !self.arms.is_empty() {
            text += "             calls/s    p50 us    p99 us   CPU us a call\n";
        }
        for Figures { arm, per_second, p50, p99, cpu, .. } in &self.arms {
            let arm = format!("{arm:?}").to_lowercase();
            let cpu = cpu.map_or_else(|| "-".to_owned(), |cpu| format!("{cpu:.1}"));
            text += &format!("  {arm:<9} {per_second:>9.0} {p50:>9.0} {p99:>9.0} {cpu:>15}\n");
        }
        for (name, figure) in &self.figures {
            text += &format!("  {name}: {figure}\n");
        }
        for Target { name, reached, limit, unit, holds } in &self.targets {
            let mark = if *holds { "holds " } else { "MISSED" };
            text += &format!("  {mark} {name}: {reached:.2}{unit} (target {limit}{unit})\n");
        }
        text
    }
}

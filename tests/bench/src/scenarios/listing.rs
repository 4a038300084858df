//! Twenty upstreams with fifty tools each and a thousand policies: how long an agent waits for a list of tools, and
//! what calls in flight notice when the policies are read anew.

use crate::{
    Plan,
    door::{Home, UPSTREAM},
    load,
    process::Process,
    report::{Section, Target},
    session::{Call, Session, Wants},
};
use anyhow::{Context, Result, ensure};
use std::{
    fs,
    sync::mpsc,
    time::{Duration, Instant},
};

const UPSTREAMS: usize = 20;
const TOOLS: usize = 50;
const POLICIES: usize = 1_000;
const LISTS: usize = 101;
/// How often the policies change while calls go.
const EDITS: usize = 10;
const BETWEEN_EDITS: Duration = Duration::from_millis(600);
const PER_SECOND: u32 = 1_000;
const SILENCE: Duration = Duration::from_secs(2);
const NOTICED_WITHIN: Duration = Duration::from_secs(10);

pub(crate) async fn lists(plan: &Plan) -> Result<Section> {
    let mut upstream = Process::part(&["upstream", "--tools", &TOOLS.to_string()])?;
    let address = upstream.address()?;
    let home = Home::new(&plan.doorward, POLICIES)?;
    home.add_address(UPSTREAM, address)?;
    let names: Vec<String> = (1..UPSTREAMS).map(|number| format!("other-{number}")).collect();
    for name in &names {
        home.add_address(name, address)?;
    }
    let token = home.pair("bench")?;
    let (seen, noticed) = mpsc::channel();
    let door = home.serve_watched(move |line| {
        if line.contains("policy files have changed on disk") {
            let _ = seen.send(Instant::now());
        }
    })?;
    let mut sessions = vec![Session::open(&door.place(&token)).await?];
    for name in &names {
        sessions.push(Session::open(&door.place_of(name, &token)).await?);
    }
    let (one, all) = timed(&mut sessions).await?;

    let call = Call { tool: "echo", bytes: 1_000, wants: Wants::Echo };
    let lasting = BETWEEN_EDITS * u32::try_from(EDITS)?;
    let callers = load::open(&door.place(&token), 16, &call).await?;
    let (callers, still) = load::open_loop(callers, &call, PER_SECOND, lasting).await?;
    let editing = std::thread::spawn({
        let folder = home.policies();
        move || {
            for edit in 0..EDITS {
                std::thread::sleep(BETWEEN_EDITS);
                // All files are read anew and compared with what is in force, where they wait for a person.
                let text = format!(
                    "name = \"Edit {edit}\"\nwhen = 'amount > {}'\n[target]\ntools = [\"bench/echo\"]\n[action]\nkind = \"deny\"\n",
                    1_000_000 + edit
                );
                fs::write(folder.join(format!("edit-{edit}.toml")), text)?;
            }
            Ok::<_, std::io::Error>(())
        }
    });
    let (callers, edited) = load::open_loop(callers, &call, PER_SECOND, lasting + BETWEEN_EDITS).await?;
    editing.join().ok().context("the editor broke")??;
    drop(callers);
    let late = until_noticed(&home, &noticed)?;

    let longest = |measured: &load::Measured| measured.quantile(1.0) / 1_000.0;
    let mut section = Section::new(format!("{UPSTREAMS} upstreams of {TOOLS} tools, {POLICIES} policies"));
    section.figure("all lists at once, median", format!("{all:.1} ms"));
    section.figure("longest call at 1,000 a second, policies still", format!("{:.1} ms", longest(&still)));
    section.figure("a changed file is told after", format!("{late:.0} ms"));
    section.targets = vec![
        Target::at_most("one list, median", one, 5.0, " ms"),
        Target::at_most(
            "longest call at 1,000 a second while policies are read anew, over that with none",
            (longest(&edited) - longest(&still)).max(0.0),
            5.0,
            " ms",
        ),
    ];
    Ok(section)
}

/// The first upstream has one that a policy denies to everybody: no agent is shown it.
fn listable(upstream: usize) -> usize {
    if upstream == 0 { TOOLS - 1 } else { TOOLS }
}

/// Milliseconds of one list alone, and of all of them asked for together.
async fn timed(sessions: &mut [Session]) -> Result<(f64, f64)> {
    let (mut one, mut all) = (Vec::new(), Vec::new());
    for nth in 0..LISTS {
        let at = nth % sessions.len();
        let session = sessions.get_mut(at).context("a session")?;
        let started = Instant::now();
        let listed = session.list().await?;
        ensure!(listed == listable(at), "{listed} of {TOOLS} tools were listed");
        one.push(started.elapsed().as_secs_f64() * 1_000.0);
    }
    for _ in 0..LISTS / 4 {
        let started = Instant::now();
        let listed = futures_util::future::try_join_all(sessions.iter_mut().map(Session::list)).await?;
        let is_whole = listed.iter().enumerate().all(|(at, count)| *count == listable(at));
        ensure!(is_whole, "of {TOOLS} tools were listed: {listed:?}");
        all.push(started.elapsed().as_secs_f64() * 1_000.0);
    }
    Ok((super::median(one), super::median(all)))
}

/// Milliseconds from one more change until it is told: it shows that the files were read.
fn until_noticed(home: &Home, noticed: &mpsc::Receiver<Instant>) -> Result<f64> {
    let mut before = 0;
    while noticed.recv_timeout(SILENCE).is_ok() {
        before += 1;
    }
    // Two that come close together are told once.
    ensure!(before > EDITS / 2, "{before} of {EDITS} changed files were noticed");
    let started = Instant::now();
    fs::write(
        home.policies().join("nothing-more.toml"),
        "name = \"Nothing more\"\n[action]\nkind = \"deny\"\n",
    )?;
    let at = noticed.recv_timeout(NOTICED_WITHIN).context("a changed file was not noticed")?;
    Ok(at.saturating_duration_since(started).as_secs_f64() * 1_000.0)
}

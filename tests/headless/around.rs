//! Servers that go around the door: noticed where no folder was at the start, told once a look however many they are, and
//! an undo or a record that did not come from the window is told as well.

use super::support::home::ALLOW;
use super::support::journal;
use super::support::within;
use super::support::world::World;
use gateway::connecting::{Dirs, Machine};
use gateway::keychain::MemoryKeychain;
use ipc::Host;
use serde_json::json;
use std::sync::Arc;

fn alarms(world: &World) -> usize {
    let lines = journal::lines(&world.home.paths().journal());
    lines.iter().filter(|line| line.kind == "alarm").count()
}

async fn until_alarms(world: &World, wanted: usize) {
    within("an alarm on record", async {
        while alarms(world) < wanted {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_goes_around_the_door_is_told_once_a_look_and_so_is_an_undo_from_elsewhere() {
    let world = World::new(&[ALLOW]).await;
    let engine = &world.engine;
    let person = world.home.beside("person");
    let dirs = Dirs::of(|name| (name == "HOME").then(|| person.clone())).unwrap();
    engine.look_for_agents_in(dirs.clone());
    engine.look_around();

    // The agent's folder comes later than the start.
    let file = person.join(".cursor/mcp.json");
    std::fs::create_dir(person.join(".cursor")).unwrap();
    let shop = json!({ "command": "true" });
    std::fs::write(&file, json!({ "mcpServers": { "shop": shop } }).to_string()).unwrap();
    let original = std::fs::read_to_string(&file).unwrap();
    let host = Host::over(Ok(Arc::clone(engine)), world.home.dir());
    let choice = json!({ "id": "cursor", "servers": null, "upstreams": [], "keep_secrets": false });
    host.call("main", "connect_agent", choice.clone()).await.unwrap();
    host.call("main", "undo_connect", json!({ "name": "cursor" })).await.unwrap();
    assert_eq!(std::fs::read_to_string(&file).unwrap(), original);
    host.call("main", "connect_agent", choice).await.unwrap();
    assert_eq!(alarms(&world), 0, "what the window does raises none");

    let mut config: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
    for number in 0..40 {
        config["mcpServers"][format!("sneaky-{number}-{}", "x".repeat(5000))] = json!({ "command": "other" });
    }
    std::fs::write(&file, config.to_string()).unwrap();
    let seen = world.until("they are seen", |engine| (engine.around().len() == 40).then_some(())).await;
    until_alarms(&world, 1).await;
    assert_eq!((alarms(&world), seen), (1, ()), "forty servers are one entry");
    let row = engine.around().into_iter().next().unwrap();
    assert!(row.server.starts_with("sneaky") && row.id == "cursor");

    // The command line, or whoever can run it.
    let machine = Machine::at(dirs, &world.home.dir(), engine.listen_addr());
    let machine = machine.opened(&MemoryKeychain::default(), engine.settings()).unwrap();
    machine.undo("cursor").unwrap();
    until_alarms(&world, 2).await;
    assert!(machine.connected().is_empty());
    drop(host);
    engine.shutdown().await;
}

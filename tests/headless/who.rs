//! Who is asking, by the process at the other end: two real programs that say they are the same, and one in between.

use super::support::home::ALLOW;
use super::support::node::node;
use super::support::program::{Program, clean};
use super::support::world::World;
use gateway::card::ReasonKind;
use std::path::PathBuf;
use std::process::Command;

/// One call as an agent makes it, written twice; `clientInfo` is what the first program's own would be.
const NODE: &str = r#"
import http from 'node:http';
const [port, door, token, amount] = process.argv.slice(1);
const post = (body, session) => new Promise((done, fail) => {
  const headers = { host: door, authorization: `Bearer ${token}`, 'content-type': 'application/json',
    accept: 'application/json, text/event-stream', ...(session ? { 'mcp-session-id': session } : {}) };
  const asked = http.request({ host: '127.0.0.1', port, method: 'POST', path: '/mcp/ledger', headers }, (answer) => {
    let text = '';
    answer.on('data', (part) => { text += part; });
    answer.on('end', () => done([text, answer.headers['mcp-session-id']]));
  });
  asked.on('error', fail);
  asked.end(JSON.stringify({ jsonrpc: '2.0', ...body }));
});
const clientInfo = { name: 'claude-code', version: '2.0.0' };
const [, session] = await post({ id: 1, method: 'initialize', params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo } });
await post({ method: 'notifications/initialized' }, session);
const [said] = await post({ id: 2, method: 'tools/call', params: { name: 'create_expense', arguments: { amount: Number(amount) } } }, session);
console.log('ANSWER ' + said.replaceAll('\n', ' '));
process.exit(0);
"#;
const PYTHON: &str = r#"
import http.client, json, sys
port, door, token, amount = sys.argv[1:]
def post(body, session=None):
    headers = {'Host': door, 'Authorization': 'Bearer ' + token, 'Content-Type': 'application/json',
               'Accept': 'application/json, text/event-stream'}
    if session: headers['Mcp-Session-Id'] = session
    there = http.client.HTTPConnection('127.0.0.1', int(port))
    there.request('POST', '/mcp/ledger', json.dumps({'jsonrpc': '2.0', **body}), headers)
    answer = there.getresponse()
    return answer.read().decode(), answer.getheader('Mcp-Session-Id')
info = {'name': 'claude-code', 'version': '2.0.0'}
_, session = post({'id': 1, 'method': 'initialize', 'params': {'protocolVersion': '2025-11-25', 'capabilities': {}, 'clientInfo': info}})
post({'method': 'notifications/initialized'}, session)
said, _ = post({'id': 2, 'method': 'tools/call', 'params': {'name': 'create_expense', 'arguments': {'amount': int(amount)}}}, session)
print('ANSWER ' + said.replace('\n', ' '), flush=True)
"#;
/// Passes bytes on, and looks at nothing.
const BETWEEN: &str = r#"
import socket, sys, threading
door = int(sys.argv[1])
def pass_on(a, b):
    try:
        while part := a.recv(65536): b.sendall(part)
    except OSError: pass
    for end in (a, b):
        try: end.shutdown(socket.SHUT_RDWR)
        except OSError: pass
here = socket.create_server(('127.0.0.1', 0))
print('PORT', here.getsockname()[1], flush=True)
while True:
    near, _ = here.accept()
    far = socket.create_connection(('127.0.0.1', door))
    for pair in ((near, far), (far, near)):
        threading.Thread(target=pass_on, args=pair, daemon=True).start()
"#;

fn python() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    test.ancestors().nth(3).unwrap().join("python/bin/python").canonicalize().unwrap()
}

struct Scene {
    world: World,
    token: String,
}

impl Scene {
    fn call(&self, mut program: Command, port: u16, amount: u32) -> Program {
        let door = self.world.door();
        program.args([&port.to_string(), &door.to_string(), &self.token, &amount.to_string()]);
        Program::start(&mut program)
    }

    fn by_node(&self, port: u16, amount: u32) -> Program {
        let mut program = clean(node());
        program.args(["--input-type=module", "-e", NODE]);
        self.call(program, port, amount)
    }

    fn by_python(&self, port: u16, amount: u32) -> Program {
        let mut program = clean(python());
        program.args(["-c", PYTHON]);
        self.call(program, port, amount)
    }
}

/// What it read, beside the engine of this test.
async fn answer(program: Program) -> String {
    let waits =
        tokio::task::spawn_blocking(move || program.line("its answer", |line| line.starts_with("ANSWER")));
    super::support::within("a program's answer", waits).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_are_told_apart_by_their_process_and_not_by_what_they_say() {
    let world = World::new(&[ALLOW]).await;
    let scene = Scene { token: world.pair("claude"), world };
    let (world, door) = (&scene.world, scene.world.door().port());
    let ran = answer(scene.by_node(door, 1)).await;
    assert!(ran.contains("\"result\"") && !ran.contains("\"isError\":true"), "{ran}");
    let row = || world.engine.agents().into_iter().find(|row| row.name.as_str() == "claude").unwrap();
    let known = node().canonicalize().unwrap().display().to_string();
    assert_eq!(row().programs, [known.as_str()], "paired with the program of its first call");

    // Another program with the same token and the same `clientInfo`.
    let spoofing = scene.by_python(door, 2);
    let card = world.held().await;
    assert_eq!(card.reasons[0].kind, ReasonKind::OtherProgram);
    let other = python().display().to_string();
    assert!(card.reasons[0].sentence.contains(&other), "{}", card.reasons[0].sentence);
    assert_eq!(world.upstream.calls().len(), 1, "only the first program's ran");
    world.reject(&card, "who is that?");
    assert!(answer(spoofing).await.contains("who is that?"));

    // The agent's own program, with another one in between: that one is who is at the door.
    let mut between = clean(python());
    let between = Program::start(between.args(["-c", BETWEEN, &door.to_string()]));
    let said = between.line("its port", |line| line.starts_with("PORT"));
    let port: u16 = said.trim_start_matches("PORT ").trim().parse().unwrap();
    let through = scene.by_node(port, 3);
    let card = world.held().await;
    assert!(card.reasons[0].sentence.contains(&other), "{}", card.reasons[0].sentence);
    world.approve(&card);
    assert!(answer(through).await.contains("\"result\""));
    assert_eq!(world.upstream.calls().len(), 2);
    assert_eq!(row().programs, [known.as_str()], "an approval accepts no program");
}

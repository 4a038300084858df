//! Calls that come in several rounds: results that ask for more, pages to show, tasks.

use super::agents::{Agent, Answer, CURSOR, GEMINI};
use super::bench::Bench;
use super::recorder::Manner;
use gateway::card::Card;
use reqwest::Client;
use serde_json::{Value, json};
use std::time::Duration;

/// An agent of the stateless era; it can show an address to its person.
struct Modern {
    client: Client,
    url: String,
    token: String,
}

impl Modern {
    fn of(agent: &Agent) -> Modern {
        let client = Client::builder().no_proxy().pool_max_idle_per_host(0).build().unwrap();
        Modern { client, url: agent.url.clone(), token: agent.token.clone() }
    }

    /// The result of one call with these further members of `params`.
    async fn call(&self, customer: &str, more: Value) -> Value {
        let mut params = json!({
            "name": "delete_customer",
            "arguments": { "customer_id": customer },
            "_meta": {
                "io.modelcontextprotocol/protocolVersion": "2026-07-28",
                "io.modelcontextprotocol/clientInfo": { "name": "cursor", "version": "1" },
                "io.modelcontextprotocol/clientCapabilities": { "elicitation": { "url": {} } },
            },
        });
        params.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let body = json!({ "jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": params });
        let request = self
            .client
            .post(&self.url)
            .bearer_auth(&self.token)
            .header("accept", "application/json, text/event-stream")
            .header("content-type", "application/json")
            .header("mcp-protocol-version", "2026-07-28")
            .header("mcp-method", "tools/call")
            .header("mcp-name", "delete_customer")
            .body(body.to_string());
        let text = request.send().await.unwrap().text().await.unwrap();
        let data = text.lines().rev().find_map(|line| line.strip_prefix("data: "));
        let message: Value = serde_json::from_str(data.unwrap_or(&text)).unwrap();
        assert!(message["result"].is_object(), "{message}");
        message["result"].clone()
    }

    async fn answered(&self, customer: &str, state: &str) -> Value {
        let answers = json!({ "name": { "action": "accept", "content": { "name": "Bo" } } });
        self.call(customer, json!({ "requestState": state, "inputResponses": answers })).await
    }
}

/// Agent, and a first round that a person approved and that ended in a question.
async fn asked(bench: &Bench) -> Modern {
    bench.upstream.behave(Manner::AsksMore);
    let agent = Modern::of(&bench.agent(CURSOR).await);
    let (result, _) = tokio::join!(agent.call("c-7", json!({})), approve_next(bench));
    assert_eq!(
        (result["resultType"].as_str(), result["requestState"].as_str()),
        (Some("input_required"), Some("s-1"))
    );
    assert_eq!((bench.upstream.calls().len(), bench.prompts()), (1, 1));
    agent
}

async fn approve_next(bench: &Bench) -> Card {
    let card = bench.held().await;
    bench.approve(&card);
    card
}

fn ran(result: &Value) -> bool {
    Answer(json!({ "result": result })).ran()
}

#[tokio::test(start_paused = true)]
async fn the_second_round_of_an_approved_call_goes_on_without_asking_again_and_its_state_counts_once() {
    let bench = Bench::new().await;
    let agent = asked(&bench).await;
    assert!(ran(&agent.answered("c-7", "s-1").await));
    assert_eq!((bench.upstream.calls().len(), bench.prompts()), (2, 1));
    assert!(bench.upstream.calls()[1].contains(r#""inputResponses":{"name""#), "the answers go up");

    // The same state once more, another state, other arguments: new calls.
    for (customer, state) in [("c-7", "s-1"), ("c-7", "s-2"), ("c-8", "s-1")] {
        let answer = agent.answered(customer, state).await;
        assert_eq!(answer["_meta"]["app.doorward/refusal"]["code"], "still_waiting", "{answer}");
        assert_eq!(answer["resultType"], "complete", "it fits the era");
    }
    assert_eq!((bench.upstream.calls().len(), bench.prompts()), (2, 3), "the first two are one call");
}

#[tokio::test(start_paused = true)]
async fn i12_the_second_round_of_an_edited_call_goes_on_with_what_was_approved() {
    let bench = Bench::new().await;
    bench.upstream.behave(Manner::AsksMore);
    let agent = Modern::of(&bench.agent(CURSOR).await);
    let (result, ()) = tokio::join!(agent.call("c-7", json!({})), async {
        let card = bench.held().await;
        bench.approve_edited(&card, br#"{"customer_id":"c-8"}"#);
    });
    assert_eq!(result["resultType"], "input_required", "{result}");
    // Its agent knows only what it asked.
    let answer = agent.answered("c-7", "s-1").await;
    let said = answer["content"].to_string();
    assert!(said.contains("approved this call with changes") && said.contains(" ran"), "{answer}");
    assert_eq!((bench.upstream.calls().len(), bench.prompts()), (2, 1), "nobody is asked again");
    assert!(bench.upstream.calls().iter().all(|call| call.contains("c-8") && !call.contains("c-7")));
}

#[tokio::test(start_paused = true)]
async fn anothers_state_is_of_no_use_and_stays_with_its_owner() {
    let bench = Bench::new().await;
    let agent = asked(&bench).await;
    let thief = Modern::of(&bench.agent(GEMINI).await);
    let answer = thief.answered("c-7", "s-1").await;
    assert_eq!(answer["_meta"]["app.doorward/refusal"]["code"], "still_waiting", "{answer}");
    assert_eq!((bench.upstream.calls().len(), bench.prompts()), (1, 2));
    assert!(ran(&agent.answered("c-7", "s-1").await));
    assert_eq!(bench.upstream.calls().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_state_ends_after_half_an_hour() {
    let bench = Bench::new().await;
    let agent = asked(&bench).await;
    tokio::time::sleep(Duration::from_secs(30 * 60)).await;
    let answer = agent.answered("c-7", "s-1").await;
    assert_eq!(answer["_meta"]["app.doorward/refusal"]["code"], "still_waiting", "{answer}");
    assert_eq!(bench.upstream.calls().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn i11_an_agent_that_can_show_a_page_gets_its_address_and_its_answer_approves_nothing() {
    let bench = Bench::new().await;
    let agent = Modern::of(&bench.agent(CURSOR).await);
    let asked = agent.call("c-7", json!({})).await;
    assert_eq!(asked["resultType"], "input_required", "{asked}");
    let card = bench.held().await;
    let request = &asked["inputRequests"]["doorward"];
    assert_eq!(
        (request["method"].as_str(), request["params"]["mode"].as_str()),
        (Some("elicitation/create"), Some("url"))
    );
    let page = request["params"]["url"].as_str().unwrap();
    assert_eq!(page, format!("http://{}/hold/{}", bench.engine.listen_addr(), card.hold));
    assert_eq!(agent.client.get(page).send().await.unwrap().status(), 200);

    // It says yes, and is told to wait as before.
    let yes = json!({ "requestState": asked["requestState"], "inputResponses": { "doorward": { "action": "accept" } } });
    let again = agent.call("c-7", yes.clone()).await;
    assert_eq!(again["resultType"], "input_required", "{again}");
    bench.upstream.saw_nothing();
    let (result, _) = tokio::join!(agent.call("c-7", yes), approve_next(&bench));
    assert!(ran(&result), "{result}");
    assert_eq!((bench.upstream.calls().len(), bench.prompts()), (1, 1));
    let sent = &bench.upstream.calls()[0];
    assert!(
        !sent.contains("requestState") && !sent.contains("inputResponses"),
        "ours goes no further: {sent}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_task_is_its_agents_and_to_others_it_is_not_there() {
    let bench = Bench::new().await;
    bench.upstream.behave(Manner::MakesTasks);
    let (owner, other) = (bench.agent(CURSOR).await, bench.agent(GEMINI).await);
    let (answer, _) = tokio::join!(owner.call_once("c-7"), approve_next(&bench));
    assert_eq!(answer.unwrap().0["result"]["task"]["taskId"], "t-1");
    let get = r#"{"jsonrpc":"2.0","id":9,"method":"tasks/get","params":{"taskId":"t-1"}}"#;
    // The recorder knows no tasks: that it says so shows that the question went up.
    assert_eq!(owner.ask(get).await["error"]["code"], -32601);
    let before = bench.upstream.received().matches("tasks/get").count();
    assert_eq!(other.ask(get).await["error"]["code"], -32602);
    assert_eq!(bench.upstream.received().matches("tasks/get").count(), before, "it does not go up");
}

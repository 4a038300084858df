//! I12: what was judged is what is sent, character for character where it matters.

use super::POLICIES;
use super::support::world::World;

/// Numbers that a double, or a parser that normalises, would change.
const NUMBERS: [&str; 7] =
    ["1e3", "1E+3", "4999.999999999999999999", "12.50", "-0.0", "0.1000", "-12345678901234567890123"];

#[tokio::test(flavor = "multi_thread")]
async fn i12_numbers_are_forwarded_as_they_were_written() {
    let world = World::new(&POLICIES).await;
    let wire = world.wire("claude").await;
    for (at, number) in NUMBERS.iter().enumerate() {
        wire.call("create_expense", &format!(r#"{{"amount":{number},"note":"n"}}"#)).await.ran();
        let calls = world.upstream.calls();
        assert_eq!(calls.len(), at + 1);
        assert!(calls[at].contains(&format!(r#""amount":{number},"#)), "{number} became {}", calls[at]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn i12_a_held_calls_arguments_are_sent_as_they_were_shown() {
    let world = World::new(&POLICIES).await;
    let wire = world.wire("claude").await;
    let arguments = r#"{"customer_id":"c-7","weights":[1e3,5000.000000000000001,12345678901234567890123],"déjà":"vu 日本 \u202e"}"#;
    let call = tokio::spawn(async move { wire.call("delete_customer", arguments).await });
    let card = world.held().await;
    let list = card.arguments.iter().find(|argument| argument.path == "weights").unwrap();
    let shown: String = list.pieces.iter().map(|piece| piece.marked()).collect();
    assert_eq!(shown, "[1e3,5000.000000000000001,12345678901234567890123]");
    let hidden = card.arguments.iter().find(|argument| argument.path.starts_with("déjà")).unwrap();
    assert!(
        hidden.pieces.iter().any(|piece| matches!(piece, gateway::visible::Piece::Hidden { .. })),
        "{hidden:?}"
    );
    world.approve(&card);
    call.await.unwrap().ran();
    let sent = &world.upstream.calls()[0];
    assert!(sent.contains("[1e3,5000.000000000000001,12345678901234567890123]"), "{sent}");
    let read: serde_json::Value = serde_json::from_str(sent).unwrap();
    assert_eq!(read["arguments"]["déjà"], "vu 日本 \u{202e}");
    assert_eq!(read["arguments"]["customer_id"], "c-7");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_threshold_is_judged_exactly_where_doubles_would_round() {
    let world = World::new(&POLICIES).await;
    let wire = world.wire("claude").await;
    // As doubles, both are 5000.
    for denied in ["5000.0000000000000000001", "12345678901234567890123", "5.0000000000000000000001e3"] {
        wire.call("create_expense", &format!(r#"{{"amount":{denied}}}"#)).await.refused("denied");
    }
    world.upstream.saw_nothing();
    for allowed in ["5000", "5e3", "5000.000", "4999.9999999999999999999"] {
        wire.call("create_expense", &format!(r#"{{"amount":{allowed}}}"#)).await.ran();
    }
    assert_eq!(world.upstream.calls().len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn i7_an_amount_that_cannot_be_compared_is_denied() {
    let world = World::new(&POLICIES).await;
    let wire = world.wire("claude").await;
    for arguments in
        [r#"{"amount":"12"}"#, r#"{"amount":[12]}"#, r#"{"amount":1e999999999}"#, "{}", r#"{"amount":null}"#]
    {
        wire.call("create_expense", arguments).await.refused("denied");
    }
    world.upstream.saw_nothing();
    wire.call("create_expense", r#"{"amount":12}"#).await.ran();
}

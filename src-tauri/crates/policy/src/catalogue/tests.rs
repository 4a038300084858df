use super::*;
use crate::moment::WEEKDAYS;

fn tool(schema: &str) -> ToolEntry {
    let definition = format!("{{\"name\":\"t\",\"inputSchema\":{schema}}}");
    ToolEntry::of("a", &Value::parse(definition.as_bytes()).unwrap()).unwrap()
}

fn entry<'a>(tool: &'a ToolEntry, path: &str) -> &'a Entry {
    tool.parameters.iter().find(|entry| entry.path == path).unwrap_or_else(|| panic!("no {path}"))
}

fn paths(tool: &ToolEntry) -> Vec<&str> {
    tool.parameters.iter().map(|entry| entry.path.as_str()).collect()
}

#[test]
fn a_parameter_is_described_as_its_schema_has_it() {
    let tool = tool(
        r#"{"type":"object","properties":{
            "amount":{"type":"number","title":"Amount","description":"What it cost.","exclusiveMinimum":0,"maximum":1e9},
            "currency":{"enum":["EUR","USD"],"default":"EUR"},
            "due":{"type":["string","null"],"format":"date-time"},
            "user":{"type":"string"}, "odd name":{"type":"boolean"}
        },"required":["amount"],"additionalProperties":false}"#,
    );
    let amount = entry(&tool, "args.amount");
    assert_eq!((amount.kinds.as_slice(), amount.required), ([Kind::Number].as_slice(), true));
    assert_eq!(amount.range.as_ref().unwrap().low, Some(Bound { value: "0".into(), exclusive: true }));
    assert_eq!(amount.range.as_ref().unwrap().high, Some(Bound { value: "1e9".into(), exclusive: false }));
    assert_eq!(amount.title.as_deref(), Some("Amount"));
    assert!(amount.operators.contains(&Operator::Between) && !amount.operators.contains(&Operator::Contains));
    let currency = entry(&tool, "args.currency");
    assert_eq!((currency.values.len(), currency.kinds.as_slice()), (2, [Kind::Text].as_slice()));
    assert_eq!(currency.default, Some(Value::from("EUR")));
    assert_eq!(entry(&tool, "args.due").kinds, [Kind::Text, Kind::Null]);
    assert_eq!(entry(&tool, "args.user").written.as_deref(), Some("args.user"));
    assert_eq!(entry(&tool, "args[\"odd name\"]").written.as_deref(), Some("args[\"odd name\"]"));
    assert!(!tool.open);
    assert!(matches!(tool.find(&[Segment::Key("ammount".into())]), Lookup::Absent));
}

#[test]
fn objects_and_lists_have_parts() {
    let tool = tool(
        r#"{"properties":{
            "address":{"type":"object","properties":{"city":{"type":"string"}},"required":["city"]},
            "items":{"type":"array","items":{"type":"object","properties":{"price":{"type":"number"}}}}
        }}"#,
    );
    assert_eq!(
        paths(&tool),
        ["args.address", "args.address.city", "args.items", "args.items[]", "args.items[].price"]
    );
    assert_eq!(entry(&tool, "args.address.city").written.as_deref(), Some("address.city"));
    assert_eq!(entry(&tool, "args.items[].price").written, None);
    assert!(entry(&tool, "args.items").operators.contains(&Operator::AnyEntry));
    let price = [Segment::Key("items".into()), Segment::Index(3), Segment::Key("price".into())];
    assert!(matches!(tool.find(&price), Lookup::Found(entry) if entry.kinds == [Kind::Number]));
}

#[test]
fn what_any_branch_allows_is_allowed_and_what_all_demand_is_demanded() {
    let tool = tool(
        r##"{"allOf":[{"$ref":"#/$defs/base"},{"properties":{"n":{"maximum":10}}}],
            "properties":{
              "n":{"type":"integer","minimum":1},
              "to":{"oneOf":[{"type":"string"},{"type":"object","properties":{"id":{"type":"integer"}},"required":["id"]}]},
              "size":{"anyOf":[{"const":"s"},{"enum":["m","l"]}]},
              "low":{"anyOf":[{"type":"number","minimum":5},{"type":"number","minimum":2}]}
            },
            "$defs":{"base":{"properties":{"note":{"$ref":"#/$defs/text"}},"required":["note"]},"text":{"type":"string","title":"Text"}}}"##,
    );
    let n = entry(&tool, "args.n");
    assert_eq!(n.kinds, [Kind::Whole]);
    let range = n.range.clone().unwrap();
    assert_eq!((range.low.unwrap().value.as_str(), range.high.unwrap().value.as_str()), ("1", "10"));
    assert_eq!(entry(&tool, "args.to").kinds, [Kind::Text, Kind::Object]);
    assert!(paths(&tool).contains(&"args.to.id"));
    assert_eq!(entry(&tool, "args.size").values.len(), 3);
    assert_eq!(entry(&tool, "args.low").range.clone().unwrap().low.unwrap().value, "2");
    let note = entry(&tool, "args.note");
    assert_eq!((note.required, note.title.as_deref()), (true, Some("Text")));
}

#[test]
fn hostile_schemas_are_cut_and_say_so() {
    let cyclic = tool(
        r##"{"properties":{"tree":{"$ref":"#/$defs/t"},"self":{"$ref":"#/properties/self"}},
            "$defs":{"t":{"type":"object","properties":{"left":{"$ref":"#/$defs/t"},"right":{"$ref":"#/$defs/t"}}}}}"##,
    );
    assert!(cyclic.parameters.len() <= MOST_ENTRIES);
    let deep: Vec<Segment> = ["tree", "left", "left", "left", "left", "left", "left", "left", "left", "left"]
        .iter()
        .map(|key| Segment::Key((*key).into()))
        .collect();
    assert!(matches!(cyclic.find(&deep), Lookup::Unclear));

    let wide: Vec<String> = (0..2_000).map(|at| format!("\"p{at}\":{{\"type\":\"string\"}}")).collect();
    let wide = tool(&format!("{{\"properties\":{{{}}},\"additionalProperties\":false}}", wide.join(",")));
    assert_eq!((wide.parameters.len(), wide.open), (MOST_ENTRIES, true));

    // Each level refers twice to the one below: two to the twentieth visits, were they all made.
    let levels: Vec<String> = (0..20)
        .map(|at| {
            format!(
                "\"l{at}\":{{\"anyOf\":[{{\"$ref\":\"#/$defs/l{0}\"}},{{\"$ref\":\"#/$defs/l{0}\"}}]}}",
                at + 1
            )
        })
        .collect();
    let bomb = tool(&format!(
        "{{\"properties\":{{\"x\":{{\"$ref\":\"#/$defs/l0\"}}}},\"$defs\":{{{},\"l20\":{{\"type\":\"string\"}}}}}}",
        levels.join(",")
    ));
    assert!(bomb.open);

    for schema in ["true", "5", "{}", "{\"$ref\":\"https://example.org/x\"}", "{\"properties\":[]}"] {
        assert!(tool(schema).open, "{schema}");
    }
}

#[test]
fn every_fact_is_listed_once_and_claims_are_marked() {
    let facts = facts();
    let of = |path: &str| facts.iter().find(|entry| entry.path == path).unwrap();
    assert_eq!(of("tool.destructive").standing, Standing::Claimed);
    assert_eq!(of("context.project").standing, Standing::Claimed);
    assert_eq!(of("user.role").standing, Standing::Verified);
    assert_eq!(of("context.weekday").values.len(), WEEKDAYS.len());
    assert_eq!(of("context.hour").range.clone().unwrap().high.unwrap().value, "23");
    let mut paths: Vec<&str> = facts.iter().map(|entry| entry.path.as_str()).collect();
    paths.dedup();
    assert_eq!(paths.len(), facts.len());
}

#[test]
fn attributes_of_people_have_every_kind_that_occurs() {
    let people = People::parse(
        "[[user]]\nid = \"me\"\nowner = true\nattributes = { level = 3, \"cost center\" = \"a\" }\n\
         [[user]]\nid = \"ana\"\nattributes = { level = \"high\" }\n",
    )
    .unwrap();
    let custom = custom(&people);
    let paths: Vec<&str> = custom.iter().map(|entry| entry.path.as_str()).collect();
    assert_eq!(paths, ["user[\"cost center\"]", "user.level"]);
    assert_eq!(custom[1].kinds, [Kind::Text, Kind::Number]);
}

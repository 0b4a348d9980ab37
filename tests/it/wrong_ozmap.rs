//! OZmap wrong is worse than OZmap down: whatever it answers, the last good data go on selling.

use crate::between::{Between, Spoil};
use crate::harness::{Plan, World};
use ozmap_simulator::{Fault, Settings};
use serde_json::{Value, json};

/// A world of a few towns with good data.
async fn world() -> World {
    World::build(Plan { simulator: Settings { boxes: 400, ..Settings::default() }, ..Plan::default() }).await
}

fn generation(world: &World) -> u64 {
    world.app.refreshers()[0].tenant().data().expect("data").snapshot.generation()
}

/// Refreshes under a fault and looks whether anything of it came through.
async fn serves_on(world: &World, poison: &str) -> Value {
    let home = &world.simulator.boxes()[0];
    let before = (generation(world), world.ask(home.lat, home.lng, 150.0).await.body);
    let report = world.refresh().await;
    assert_ne!(report["result"], "ok", "{poison}: {report}");
    let after = (generation(world), world.ask(home.lat, home.lng, 150.0).await.body);
    assert_eq!(before, after, "{poison}");
    let counted = report["result"].as_str().expect("a word");
    let page = world.metrics().await;
    assert!(page.contains(&format!("result=\"{counted}\"")), "{poison}: {counted} isn't counted");
    report
}

/// The world after a poison is as good as before: no retry is due, all data are there.
async fn recovers(world: &World, poison: &str) {
    world.simulator.faults().clear();
    let report = world.refresh().await;
    assert_eq!(report["result"], "ok", "after {poison}: {report}");
}

async fn no_answer_is_believed(poisons: &[(&str, &str, u16, &str)]) {
    let world = world().await;
    for &(poison, list, status, body) in poisons {
        world.simulator.faults().answer(list, status, "application/json", body);
        serves_on(&world, poison).await;
        recovers(&world, poison).await;
    }
}

#[tokio::test]
async fn r03_what_is_no_page_is_not_believed() {
    let deep = "[".repeat(200_000);
    let large = " ".repeat((64 << 20) + 1);
    no_answer_is_believed(&[
        ("nothing", "/boxes", 200, ""),
        ("HTML", "/boxes", 200, "<html><body>Manutenção</body></html>"),
        ("HTML for splitters", "/splitters", 200, "<html></html>"),
        ("truncated", "/boxes", 200, r#"{"total":3,"rows":[{"id":"5d51a87"#),
        ("null", "/boxes", 200, "null"),
        ("a list", "/boxes", 200, "[]"),
        ("rows that are none", "/boxes", 200, r#"{"total":3,"rows":{}}"#),
        ("no rows at all", "/boxes", 200, r#"{"total":3}"#),
        ("a negative total", "/boxes", 200, r#"{"total":-1,"rows":[]}"#),
        ("not a number", "/boxes", 200, r#"{"total":NaN,"rows":[]}"#),
        ("half a character", "/boxes", 200, r#"{"total":1,"rows":[{"id":"\ud800"}]}"#),
        ("depth", "/splitters", 200, &deep),
        ("a page without end", "/splitters", 200, &large),
    ])
    .await;
}

#[tokio::test]
async fn r03_no_status_but_200_is_believed() {
    let empty = r#"{"total":0,"rows":[]}"#;
    no_answer_is_believed(&[
        ("204", "/boxes", 204, ""),
        ("206", "/boxes", 206, empty),
        ("302", "/boxes", 302, empty),
        ("400", "/boxes", 400, empty),
        ("401", "/projects", 401, empty),
        ("403", "/splitters", 403, empty),
        ("404", "/boxes", 404, empty),
        ("500", "/splitters", 500, empty),
        ("503", "/projects", 503, empty),
    ])
    .await;
}

#[tokio::test]
async fn r03_lists_that_contradict_what_is_held_are_not_believed() {
    let row = |more: &str| format!(r#"{{"id":"5d51a8753c6ef372fe000015","name":"CTO"{more}}}"#);
    let page = |total: u64, row: &str| format!(r#"{{"total":{total},"rows":[{row}]}}"#);
    let project = r#","project":"5d51a8703c6ef372fe000001""#;
    let one = row(&format!(r#"{project},"coords":[-48.5,-27.5]"#));
    let nowhere = page(1, &row(&format!(r#"{project},"coords":null"#)));
    let off_earth = page(1, &row(&format!(r#"{project},"coords":[999,999]"#)));
    let words = page(1, &row(&format!(r#"{project},"coords":["a","b"]"#)));
    let single = page(1, &one);
    let endless = page(100_000, &one);
    let absurd = page(10_000_000_000, &one);
    let no_outputs = page(1, r#"{"id":"5d51a8753c6ef372fe000016","parent":null,"isDrop":true}"#);
    let network = page(
        1,
        r#"{"id":"5d51a8753c6ef372fe000016","parent":null,"isDrop":false,"connectables":{"output":[null]},"ports":[]}"#,
    );
    no_answer_is_believed(&[
        ("no boxes", "/boxes", 200, r#"{"total":0,"rows":[]}"#),
        ("no splitters", "/splitters", 200, r#"{"total":0,"rows":[]}"#),
        ("no projects", "/projects", 200, r#"{"total":0,"rows":[]}"#),
        ("rows promised, none sent", "/boxes", 200, r#"{"total":900,"rows":[]}"#),
        ("one box of all", "/boxes", 200, &single),
        ("the same page for ever", "/boxes", 200, &endless),
        ("an absurd total", "/boxes", 200, &absurd),
        ("no coordinates", "/boxes", 200, &nowhere),
        ("coordinates off Earth", "/boxes", 200, &off_earth),
        ("words for coordinates", "/boxes", 200, &words),
        ("rows without ids", "/boxes", 200, r#"{"total":1,"rows":[{"name":"CTO"}]}"#),
        ("numbers for rows", "/boxes", 200, r#"{"total":2,"rows":[1,2]}"#),
        ("splitters without outputs", "/splitters", 200, &no_outputs),
        ("network splitters only", "/splitters", 200, &network),
    ])
    .await;
}

#[tokio::test]
async fn r03_bodies_cut_off_are_not_believed() {
    let world = world().await;
    world.simulator.faults().set("/splitters", Fault::CutBody { after: 2_000 });
    serves_on(&world, "cut bodies").await;
    recovers(&world, "cut bodies").await;
}

#[tokio::test]
async fn what_answers_in_ozmaps_place_is_told_with_a_remedy() {
    let world = world().await;
    let page = "\n<!DOCTYPE html><html><body>canary</body></html>";
    for (list, status, body, told) in [
        (
            "/boxes",
            403,
            r#"{"message":"Forbidden"}"#,
            &["reading boxes", "403: Forbidden", "rights", "its user"][..],
        ),
        ("/projects", 403, page, &["reading projects", "403: a web page", "rights"]),
        ("/projects", 302, "", &["reading projects", "302: no message", "host is probably wrong"]),
        ("/projects", 404, "", &["reading projects", "404: no message", "/api/v2"]),
        ("/boxes", 200, "[]", &["reading boxes", "not the JSON expected", "its API has changed"]),
        ("/boxes", 502, "", &["reading boxes", "502: no message", "OZmap itself is unwell"]),
        ("/splitters", 429, "", &["reading splitters", "429: no message", "asked too often", "refresh.full"]),
        (
            "/boxes",
            200,
            page,
            &["reading boxes", "web page (HTML)", "proxy, firewall or login", "outbound_proxy"],
        ),
    ] {
        world.simulator.faults().answer(list, status, "text/html", body);
        let report = serves_on(&world, body).await;
        let error = report["error"].as_str().unwrap();
        for words in told {
            assert!(error.contains(words), "{status}: {words} isn't in: {error}");
        }
        assert!(!error.contains("canary"), "{error}");
        recovers(&world, body).await;
    }
}

#[tokio::test]
async fn an_answer_cut_off_is_told_with_what_had_come() {
    let world = world().await;
    world.simulator.faults().set("/splitters", Fault::CutBody { after: 2_000 });
    let report = serves_on(&world, "cut bodies").await;
    let error = report["error"].as_str().unwrap();
    for words in ["reading splitters", "lost after ", " bytes of its answer", "tries again"] {
        assert!(error.contains(words), "{words} isn't in: {error}");
    }
    assert!(!error.contains("can't be reached"), "{error}");
}

#[tokio::test]
async fn an_answer_whose_compression_is_broken_is_not_told_as_a_lost_connection() {
    let (between, world) = Between::world(Settings { boxes: 300, ..Settings::default() }, "", "").await;
    let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\nContent-Length: 20\r\n\r\n";
    between.spoil("/splitters", Spoil::Instead(format!("{head}this is no gzip at al").into_bytes()));
    let report = world.refresh().await;
    let error = report["error"].as_str().unwrap();
    assert_eq!(report["result"], "invalid", "{error}");
    assert!(
        error.contains("is garbled behind its first 0 bytes") && error.contains("a refresh tries again"),
        "{error}"
    );
    between.behave();
    recovers(&world, "broken gzip").await;
}

#[tokio::test]
async fn r03_a_network_that_shrank_too_much_is_refused_until_an_operator_accepts_it() {
    let world = world().await;
    let control = world.simulator.control();
    let held = world.simulator.boxes().len();
    for doomed in world.simulator.boxes().iter().step_by(5) {
        control.delete_box(&doomed.id).unwrap();
    }
    let left = world.simulator.boxes().len();
    let report = serves_on(&world, "a fifth of the boxes gone").await;
    assert_eq!(report["result"], "refused", "{report}");
    let error = report["error"].as_str().unwrap();
    for words in
        [&format!("{left} boxes where there were {held}"), "ports of service splitters", "accept_shrink=true"]
    {
        assert!(error.contains(words), "{words} isn't in: {error}");
    }
    assert_eq!(report["refused"][0], json!({ "kind": "fewer_boxes", "held": held, "read": left }));
    assert_eq!(report["final"], false);
    let counted = async |series: &str, reason: &str| {
        let series = format!(r#"viability_refresh_{series}_total{{reason="{reason}",tenant="demo"}}"#);
        world.metric(&series).await
    };
    for reason in ["fewer_boxes", "fewer_ports"] {
        assert_eq!((counted("rejected", reason).await, counted("overridden", reason).await), (1, 0));
    }

    let report = world.refresh_as_read().await;
    assert_eq!(report["result"], "ok", "{report}");
    let overridden = report["published"]["overridden"].as_array().unwrap();
    assert!(overridden.iter().all(|why| error.contains(why.as_str().unwrap())), "{overridden:?}, {error}");
    for reason in ["fewer_boxes", "fewer_ports"] {
        assert_eq!((counted("rejected", reason).await, counted("overridden", reason).await), (1, 1));
    }
    assert_eq!(report["accept_shrink"], json!(true));
    assert_eq!(report["published"]["boxes"], world.simulator.boxes().len());
    // Accepted once, not for ever.
    assert_eq!(world.refresh().await["accept_shrink"], json!(false));
}

#[tokio::test]
async fn r03_no_order_publishes_a_network_in_which_nothing_can_be_sold() {
    let world = world().await;
    let home = world.sellable_box();
    for list in ["/boxes", "/splitters"] {
        world.simulator.faults().answer(list, 200, "application/json", r#"{"total":0,"rows":[]}"#);
        let report = world.refresh_as_read().await;
        assert_eq!(report["result"], "refused", "{report}");
        let error = report["error"].as_str().unwrap();
        assert!(error.contains("no order can accept") && !error.contains("accept_shrink"), "{error}");
        assert_eq!(report["final"], true);
        assert!(world.ask(home.lat, home.lng, 1.0).await.is_viable());
        recovers(&world, "an order to accept it").await;
    }
}

#[tokio::test]
async fn rows_that_cannot_be_read_are_to_be_mended_rather_than_accepted() {
    let world = world().await;
    let mut page = world.list("/splitters").await;
    for row in page["rows"].as_array_mut().unwrap().iter_mut().step_by(10) {
        row["connectables"] = json!(null);
    }
    world.simulator.faults().answer("/splitters", 200, "application/json", &page.to_string());
    let report = serves_on(&world, "splitters without outputs").await;
    let error = report["error"].as_str().unwrap();
    assert!(error.contains("can't be read") && error.contains("mend"), "{error}");
    assert!(!error.contains("OZmap is right"), "{error}");
}

#[tokio::test]
async fn r03_a_network_sold_out_at_a_stroke_is_refused() {
    let world = world().await;
    let control = world.simulator.control();
    for one in world.simulator.boxes().iter().filter(|one| one.has_service_splitter) {
        control.sell_out(&one.id).unwrap();
    }
    let report = serves_on(&world, "every port taken").await;
    assert!(report["error"].as_str().unwrap().contains("sellable"), "{report}");
}

#[tokio::test]
async fn r03_without_data_a_wrong_answer_is_refused_too_and_the_first_right_one_published() {
    let world = World::cold(Plan { broken: Some("/boxes"), ..Plan::default() }).await;
    world.simulator.faults().answer("/boxes", 200, "application/json", r#"{"total":0,"rows":[]}"#);
    let rejected = r#"viability_refresh_rejected_total{reason="empty",tenant="demo"}"#;
    world.until("an empty network is refused", || async { world.metrics().await.contains(rejected) }).await;
    assert!(world.app.refreshers()[0].tenant().data().is_none());
    world.simulator.faults().clear();
    world.until("it heals by itself", || async { world.app.refreshers()[0].tenant().data().is_some() }).await;
}

#[tokio::test]
async fn r22_a_clock_that_never_ticks_is_noticed() {
    let config = "[freshness]\nstale_after = \"200ms\"";
    let world = World::build(Plan { config, ..Plan::default() }).await;
    let by_watchdog = r#"trigger="watchdog""#;
    world.until("the watchdog refreshes", || async { world.metrics().await.contains(by_watchdog) }).await;
}

//! Last free ports, asked of OZmap before they are sold.

use crate::harness::{Plan, World, http_client};
use futures_util::future::join_all;
use ozmap_simulator::{BoxView, Fault, NewBox, NewSplitter, Sales, Settings};
use reqwest::StatusCode;
use std::time::Duration;
use viability_proxy::viability::plant::ObjectId;

/// A box far from all others, with so many free ports.
fn lonely(lat: f64, free: usize) -> NewBox {
    NewBox { lat, lng: -30.0, splitters: vec![NewSplitter::service(8, 8 - free)], ..NewBox::default() }
}

/// A network with such boxes in it from the beginning; the data are always old enough.
async fn world(boxes: &[NewBox], more: &'static str) -> (World, Vec<BoxView>) {
    // Sales that reading changes doesn't show.
    let simulator = Settings { sales: Sales::Silent, ..Settings::default() };
    // A clock that jumps makes every request late.
    let server = "queue_timeout = \"1h\"";
    let world = World::build(Plan { simulator, server, config: more, ..Plan::default() }).await;
    let ids: Vec<_> = boxes.iter().map(|one| world.simulator.add_box(one.clone())).collect();
    world.refresh().await;
    let views = ids.iter().map(|id| world.simulator.box_named(id).unwrap()).collect();
    (world, views)
}

/// As it comes.
const AS_IT_COMES: &str = "[tenants.demo.live]\nrecheck_at_most = 1";

const ALWAYS: &str = "[tenants.demo.live]\nrecheck_after = \"0s\"\ncalls_per_second = 100";

impl World {
    fn held_free_ports(&self, id: &str) -> u32 {
        let data = self.app.refreshers()[0].tenant().data().unwrap();
        data.snapshot.get(ObjectId::parse(id).unwrap()).unwrap().free_ports()
    }
}

async fn a_minute_passes(world: &mut World) {
    tokio::time::pause();
    tokio::time::advance(Duration::from_mins(1)).await;
    tokio::time::resume();
    // The old one's connections have been closed meanwhile.
    world.http = http_client();
}

#[tokio::test]
async fn the_last_port_of_the_only_box_is_not_offered_when_it_was_sold_a_second_ago() {
    let (mut world, homes) = world(&[lonely(-5.0, 1)], AS_IT_COMES).await;
    let home = &homes[0];
    let offered = world.ask(home.lat, home.lng, 50.0).await;
    assert_eq!((offered.is_viable(), offered.detail()), (true, "index"), "the data are new");
    a_minute_passes(&mut world).await;
    world.simulator.sell_port(&home.id).unwrap();
    let answer = world.ask(home.lat, home.lng, 50.0).await;
    assert_eq!((answer.is_viable(), answer.detail()), (false, "checked"));
    assert_eq!(answer.body, world.oracle(&world.simulator.full_key(), home.lat, home.lng, 50.0));
    assert_eq!(world.metric(r#"viability_rechecks_total{result="corrected",tenant="demo"}"#).await, 1);
    // What was found out is known from then on, without asking again.
    world.until("the data are corrected", async || world.held_free_ports(&home.id) == 0).await;
    let asked = world.simulator.requests("splitters");
    let again = world.ask(home.lat, home.lng, 60.0).await;
    assert_eq!((again.is_viable(), again.detail()), (false, "index"));
    assert_eq!(world.simulator.requests("splitters"), asked);
}

#[tokio::test]
async fn what_is_there_still_is_offered_and_a_box_that_is_gone_is_not() {
    let (world, homes) = world(&[lonely(-5.0, 1), lonely(-5.000_1, 1)], ALWAYS).await;
    let [near, far] = &homes[..] else { panic!("two boxes") };
    let answer = world.ask(near.lat, near.lng, 50.0).await;
    assert_eq!((answer.box_ids("boxes"), answer.detail()), (vec![&*near.id, &*far.id], "checked"));
    world.simulator.delete_box(&near.id).unwrap();
    let answer = world.ask(near.lat, near.lng, 51.0).await;
    assert_eq!((answer.box_ids("boxes"), answer.detail()), (vec![&*far.id], "checked"));
    world.simulator.sell_port(&far.id).unwrap();
    assert!(!world.ask(near.lat, near.lng, 52.0).await.is_viable());
}

#[tokio::test]
async fn ports_enough_are_not_checked_nor_new_data_nor_where_it_is_off() {
    for (free, more) in [
        (2, ALWAYS),
        (1, "[tenants.demo.live]\nrecheck_after = \"1h\""),
        (1, "[tenants.demo.live]\nrecheck_after = \"0s\"\nrecheck_at_most = 0"),
    ] {
        let (world, homes) = world(&[lonely(-5.0, free)], more).await;
        let asked = world.simulator.requests("splitters");
        let answer = world.ask(homes[0].lat, homes[0].lng, 50.0).await;
        assert_eq!((answer.is_viable(), answer.detail()), (true, "index"), "{more}");
        assert_eq!(world.simulator.requests("splitters"), asked, "{more}");
    }
}

#[tokio::test]
async fn a_slow_ozmap_or_a_dead_one_leaves_the_answer_marked_and_in_time() {
    let more = "[tenants.demo.live]\nrecheck_after = \"0s\"\ndeadline = \"100ms\"";
    let (mut world, homes) = world(&[lonely(-5.0, 1)], more).await;
    let home = &homes[0];
    world.simulator.faults().set("/splitters", Fault::Hang);
    let slow = world.ask(home.lat, home.lng, 50.0).await;
    assert_eq!((slow.status, slow.is_viable(), slow.detail()), (StatusCode::OK, true, "unchecked"));
    world.simulator.faults().clear();
    world.simulator.stop().await;
    let dead = world.ask(home.lat, home.lng, 51.0).await;
    assert_eq!((dead.status, dead.is_viable(), dead.detail()), (StatusCode::OK, true, "unchecked"));
}

#[tokio::test]
async fn what_comes_in_place_of_these_splitters_is_not_believed() {
    let (world, homes) = world(&[lonely(-5.0, 1)], ALWAYS).await;
    let home = &homes[0];
    let elsewhere = format!(
        r#"{{"id":"{:024x}","parent":"{:024x}","isDrop":true,"connectables":{{"output":[]}}}}"#,
        1, 2
    );
    let unreadable = format!(r#"{{"id":"{:024x}","parent":"{}","isDrop":true}}"#, 1, home.id);
    for (radius, page) in [
        (50.0, r#"{"total":3,"rows":[]}"#.to_owned()),
        (51.0, format!(r#"{{"total":1,"rows":[{elsewhere}]}}"#)),
        (52.0, format!(r#"{{"total":1,"rows":[{unreadable}]}}"#)),
        (53.0, "<html>".to_owned()),
    ] {
        world.simulator.faults().answer("/splitters", 200, "application/json", &page);
        let answer = world.ask(home.lat, home.lng, radius).await;
        assert_eq!((answer.is_viable(), answer.detail()), (true, "unchecked"), "{page}");
    }
}

#[tokio::test]
async fn many_who_ask_for_the_same_boxes_cost_ozmap_one_call() {
    let (mut world, homes) = world(&[lonely(-5.0, 1)], AS_IT_COMES).await;
    let home = &homes[0];
    a_minute_passes(&mut world).await;
    world.simulator.faults().latency(Duration::from_millis(50));
    let asked = world.simulator.requests("splitters");
    let answers = join_all((0..50).map(|_| world.ask(home.lat, home.lng, 50.0))).await;
    assert!(answers.iter().all(|answer| answer.is_viable() && answer.detail() == "checked"));
    assert_eq!(world.simulator.requests("splitters") - asked, 1);
}

#[tokio::test]
async fn what_was_found_out_outlasts_runs_that_fail() {
    let (world, homes) = world(&[lonely(-5.0, 1)], ALWAYS).await;
    let home = &homes[0];
    world.simulator.sell_port(&home.id).unwrap();
    world.simulator.faults().set("/boxes", Fault::Failure { rate: 1.0, status: 400 });
    assert!(!world.ask(home.lat, home.lng, 50.0).await.is_viable());
    let failed = r#"viability_refresh_total{result="status",tenant="demo",trigger="recheck"}"#;
    world.until("a run has failed", async || world.metric(failed).await > 0).await;
    // One that reads all lists, as no run can from now on.
    world.simulator.faults().set("/projects", Fault::Failure { rate: 1.0, status: 400 });
    assert_ne!(world.refresh().await["result"], "ok");
    assert_eq!(world.held_free_ports(&home.id), 1);
    world.simulator.faults().set("/boxes", Fault::Failure { rate: 0.0, status: 400 });
    world.until("the data are corrected", async || world.held_free_ports(&home.id) == 0).await;
}

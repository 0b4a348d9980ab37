//! R2, R22: an OZmap that takes connections and answers too slowly or never.

use crate::between::{Between, Spoil};
use crate::harness::{PATIENCE, World};
use ozmap_simulator::Settings;
use serde_json::Value;
use std::time::Duration;
use tokio::runtime::Handle;
use viability_proxy::refresh::report::Trigger;

const IMPATIENT: &str = "[tenants.demo.refresh]\nread_timeout = \"100ms\"\npage_timeout = \"300ms\"\n\
    [tenants.demo.live]\ndeadline = \"30ms\"\ntimeout = \"60ms\"\ncalls_per_second = 1000\n";

async fn world() -> (Between, World) {
    Between::world(Settings { boxes: 300, ..Settings::default() }, "", IMPATIENT).await
}

fn kinds() -> [(&'static str, Spoil); 3] {
    [("hangs", Spoil::Hang), ("drips", Spoil::Drip), ("stalls in mid-body", Spoil::Stall)]
}

#[tokio::test]
async fn r02_a_reading_that_gets_nowhere_ends_and_queries_are_answered_meanwhile() {
    let (between, world) = world().await;
    let home = world.sellable_box();
    for (list, (kind, spoil)) in ["/projects", "/boxes", "/splitters"].into_iter().zip(kinds()) {
        between.spoil(list, spoil);
        let refresher = &world.app.refreshers()[0];
        let run = refresher.request(Trigger::Schedule).unwrap();
        world
            .until("it reads", || async { between.most_at_once(list) > 0 && refresher.running().is_some() })
            .await;
        for _ in 0..50 {
            assert_eq!(world.ask(home.lat, home.lng, 150.0).await.detail(), "index", "{kind}");
        }
        let report = refresher.report_of(run, PATIENCE).await.expect("it ends");
        let failure = report.outcome.unwrap_err();
        assert_eq!(failure.kind, "timeout", "{list} {kind}");
        assert!(format!("{failure:?}").contains("refresh.page_timeout"), "{failure:?}");
        between.behave();
        assert_eq!(world.refresh().await["result"], "ok", "after {list} {kind}");
    }
}

#[tokio::test]
async fn r02_a_hundred_calls_that_get_nowhere_leave_no_task_and_no_connection() {
    let (between, world) = world().await;
    let (home, key) = (world.sellable_box(), world.simulator.full_key());
    let query = format!("lat={}&lng={}&radius=50", home.lat, home.lng);
    let live = async || {
        let answer = world.send(world.query(&key, &query).header("cache-control", "no-cache")).await;
        assert!(answer.is_viable(), "the snapshot stands in");
        answer
    };
    live().await;
    let at_rest = async || {
        world.until("nothing is under way", || async { between.open() == 0 }).await;
        Handle::current().metrics().num_alive_tasks()
    };
    let before = at_rest().await;
    for _ in 0..34 {
        for (kind, spoil) in kinds() {
            between.spoil("/ftth-viability", spoil);
            let answer = live().await;
            // Which of client and call gives up first is chance; that it was asked is not.
            assert!(["live-late", "live-failed"].contains(&answer.detail()), "{kind}: {answer:?}");
        }
        // Between failures it answers once: else the breaker would spare it.
        between.behave();
        world.until("it answers", || async { live().await.detail() == "no-cache" }).await;
    }
    between.behave();
    world.until("no task is left", || async { at_rest().await <= before }).await;
    world.until("OZmap is asked again", || async { live().await.detail() == "no-cache" }).await;
}

#[tokio::test]
async fn r22_readings_longer_than_their_interval_never_overlap() {
    let config = "[tenants.demo.refresh]\nfull = \"* * * * * *\"";
    let settings = Settings { boxes: 300, latency: Duration::from_millis(400), ..Settings::default() };
    let (between, world) = Between::world(settings, "", config).await;
    world
        .until("the clock has begun three", || async {
            let (_, status) = world.admin("/admin/runs").await;
            let runs: Vec<Value> = status["tenants"][0]["runs"].as_array().unwrap().clone();
            runs.iter().filter(|run| run["trigger"] == "schedule").count() >= 3
        })
        .await;
    // Each begins by reading the projects, one page.
    assert_eq!(between.most_at_once("/projects"), 1);
}

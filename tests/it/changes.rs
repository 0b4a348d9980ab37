//! Reading what has changed, and what becomes of it where OZmap doesn't tell.

use crate::harness::{PATIENCE, Plan, World, start_app};
use ozmap_simulator::{
    BoxView, Fault, IdFilters, NewBox, Pagination, Sales, Settings, Totals, UpdateFilters, UpdateTimes,
};
use viability_proxy::app::App;
use viability_proxy::refresh::Reliance;
use viability_proxy::refresh::report::{Report, Trigger};
use viability_proxy::refresh::run::{Kind, Published};
use viability_proxy::viability::homes::Home;
use viability_proxy::viability::plant::ServiceBox;

/// Changes are read when a test says so, and never by themselves.
pub(crate) const WHEN_TOLD: &str = "[tenants.demo.refresh]\nchanges = \"1h\"\nfallback = \"1h\"";

async fn world(simulator: Settings) -> World {
    World::build(Plan { simulator, config: WHEN_TOLD, ..Plan::default() }).await
}

impl World {
    /// A run that reads what has changed.
    pub(crate) async fn read_changes(&self) -> Report {
        let refresher = &self.app.refreshers()[0];
        let run = refresher.request_changes(Trigger::Changes).unwrap();
        refresher.report_of(run, PATIENCE).await.unwrap()
    }

    /// The same, which must end well.
    pub(crate) async fn published_changes(&self) -> Published {
        let report = self.read_changes().await;
        assert_eq!(report.run.kind, Kind::Changes);
        report.outcome.unwrap_or_else(|failure| panic!("{failure:?}"))
    }

    fn reliance(&self) -> Vec<Reliance> {
        self.app.refreshers()[0].reliance().into_iter().map(|one| one.reliance).collect()
    }

    fn generation(&self) -> u64 {
        self.app.refreshers()[0].tenant().data().unwrap().snapshot.generation()
    }

    /// The boxes of this proxy beside those of one that has just read all of them.
    pub(crate) async fn held_and_fresh(&self, config: &str) -> [(Vec<ServiceBox>, Vec<Home>); 2] {
        let other = start_app(&[("demo", &self.simulator)], config).await;
        other.refreshers()[0].report_of(1, PATIENCE).await.unwrap().outcome.unwrap();
        [&self.app, &other].map(|app| (boxes(app), homes(app)))
    }
}

fn homes(app: &App) -> Vec<Home> {
    app.refreshers()[0].tenant().data().expect("data").snapshot.homes().cloned().collect()
}

fn boxes(app: &App) -> Vec<ServiceBox> {
    let data = app.refreshers()[0].tenant().data().expect("data");
    data.snapshot.boxes().map(|one| one.named(Into::into)).collect()
}

#[tokio::test]
async fn what_is_done_at_ozmap_shows_with_the_next_changes_and_costs_it_little() {
    let world = world(Settings { boxes: 3_000, ..Settings::default() }).await;
    let [sold, freed, moved, drafted] = four(&world);
    let project = sold.project.clone();
    world.simulator.sell_out(&sold.id).unwrap();
    world.simulator.sell_port(&freed.id).unwrap();
    assert_eq!(world.published_changes().await.changed, Some(2));
    assert!(!world.ask(sold.lat, sold.lng, 1.0).await.is_viable());
    world.simulator.free_port(&freed.id).unwrap();
    world.simulator.move_box(&moved.id, -10.0, -50.0).unwrap();
    world.simulator.set_draft(&drafted.id, true).unwrap();
    let added = NewBox { project: Some(project), lat: -11.0, lng: -50.0, ..NewBox::default() };
    let added = world.simulator.add_box(added);
    let elsewhere =
        NewBox { project: Some("Rede nova".to_owned()), lat: -12.0, lng: -50.0, ..NewBox::default() };
    let elsewhere = world.simulator.add_box(elsewhere);
    let pages = |world: &World| world.simulator.requests("all");
    let before = pages(&world);
    assert_eq!(world.published_changes().await.changed, Some(5));
    assert!(pages(&world) - before <= 4, "one page of either list, and what either counts");
    for (lat, id) in [(-10.0, moved.id), (-11.0, added), (-12.0, elsewhere)] {
        let answer = world.ask(lat, -50.0, 1.0).await;
        assert_eq!((answer.detail(), answer.box_ids("boxes")), ("index", vec![&*id]));
    }
    let [held, fresh] = world.held_and_fresh(WHEN_TOLD).await;
    assert_eq!(held, fresh);
}

/// Four boxes that can be sold, none near another.
fn four(world: &World) -> [BoxView; 4] {
    let boxes = world.simulator.boxes().into_iter().filter(|one| !one.draft && one.free_ports > 1);
    let boxes: Vec<_> = boxes.step_by(97).take(4).collect();
    boxes.try_into().expect("four boxes")
}

#[tokio::test]
async fn where_nothing_has_changed_the_data_are_as_new_and_what_is_remembered_of_ozmap_stays() {
    let world = world(Settings::default()).await;
    let data = || world.app.refreshers()[0].tenant().data().unwrap();
    world.prove().await;
    let (before, generation) = (data().read_at(), world.generation());
    assert_eq!(world.published_changes().await.changed, Some(0));
    assert!(data().read_at() > before);
    assert_eq!(world.generation(), generation);
}

impl World {
    /// Makes reading changes do alone, by as many of them as it takes and a whole reading.
    async fn prove(&self) {
        let boxes = self.simulator.boxes().into_iter().filter(|one| !one.draft && one.free_ports > 0);
        for one in boxes.take(12) {
            self.simulator.sell_port(&one.id).unwrap();
        }
        assert_eq!(self.published_changes().await.changed, Some(12));
        self.refresh().await;
        assert_eq!(self.reliance(), [Reliance::Proven; 2]);
    }
}

#[tokio::test]
async fn changes_are_relied_on_when_a_whole_reading_has_found_nothing_else() {
    let world = world(Settings::default()).await;
    assert_eq!(world.reliance(), [Reliance::Unproven; 2]);
    let read_at = || world.app.refreshers()[0].tenant().data().unwrap().read_at();
    let first = read_at();
    world.published_changes().await;
    assert_eq!(read_at(), first, "what isn't proven keeps nothing fresh");
    world.refresh().await;
    assert_eq!(
        world.reliance(),
        [Reliance::Proven, Reliance::Unproven],
        "no sale has shown that it touches a splitter"
    );
    world.prove().await;
    let relied_on =
        world.metric(r#"viability_refresh_changes_reliance{list="splitters",tenant="demo"}"#).await;
    assert_eq!(relied_on, 2);
    for kind in ["changed", "added", "deleted"] {
        for list in ["boxes", "splitters"] {
            let drift =
                format!(r#"viability_refresh_drift_total{{kind="{kind}",list="{list}",tenant="demo"}}"#);
            assert_eq!(world.metric(&drift).await, 0);
        }
    }
}

#[tokio::test]
async fn what_is_deleted_is_missed_in_the_count_and_found_by_reading_all() {
    let config = "[tenants.demo.refresh]\nchanges = \"10ms\"\nfallback = \"20ms\"";
    let world = World::build(Plan { config, ..Plan::default() }).await;
    let doomed = world.sellable_box();
    let is_proven = async || world.reliance().first() == Some(&Reliance::Proven);
    world.until("changes of boxes do alone", is_proven).await;
    world.simulator.delete_box(&doomed.id).unwrap();
    let is_gone = async || boxes(&world.app).iter().all(|one| one.id.to_string() != doomed.id);
    world.until("the box is gone", is_gone).await;
    let drift = r#"viability_refresh_drift_total{kind="deleted",list="boxes",tenant="demo"}"#;
    world.until("it is counted", async || world.metric(drift).await == 1).await;
}

#[tokio::test]
async fn changes_that_cant_be_read_leave_the_data_and_are_read_the_next_time() {
    let world = world(Settings::default()).await;
    let home = world.sellable_box();
    world.simulator.sell_out(&home.id).unwrap();
    world.simulator.faults().set("/splitters", Fault::Failure { rate: 1.0, status: 500 });
    // A filter that is refused can't be told from an OZmap that is ill: all of it is read, which fails as well.
    let report = world.read_changes().await;
    assert!(report.outcome.is_err(), "{report:?}");
    assert!(world.ask(home.lat, home.lng, 1.0).await.is_viable());
    world.simulator.faults().clear();
    world.published_changes().await;
    assert!(!world.ask(home.lat, home.lng, 1.0).await.is_viable());
}

#[tokio::test]
async fn while_ozmap_is_down_each_reading_of_changes_costs_it_one_call() {
    let world = world(Settings::default()).await;
    world.simulator.faults().failure_rate(1.0, 503);
    let calls = async || {
        let before = world.simulator.requests("boxes");
        world.read_changes().await.outcome.unwrap_err();
        world.simulator.requests("boxes") - before
    };
    assert!(calls().await > 1, "it may pass");
    assert_eq!((calls().await, calls().await), (1, 1));
    world.simulator.faults().clear();
    world.published_changes().await;
    world.simulator.faults().next(1, "/boxes", Fault::Failure { rate: 1.0, status: 503 });
    world.published_changes().await;
}

/// What is sold still shows within the fallback's interval, and an operator is told once.
async fn shows_by_whole_readings(simulator: Settings, reliance: [Reliance; 2]) {
    let config = "[tenants.demo.refresh]\nchanges = \"20ms\"\nfallback = \"30ms\"";
    let world = World::build(Plan { simulator, config, ..Plan::default() }).await;
    let homes: Vec<_> =
        world.simulator.boxes().into_iter().filter(|one| !one.draft && one.free_ports > 0).take(15).collect();
    for home in &homes {
        world.simulator.sell_out(&home.id).unwrap();
        let is_known = async || {
            let held = boxes(&world.app).into_iter().find(|one| one.id.to_string() == home.id);
            held.is_some_and(|held| held.free_ports() == 0)
        };
        world.until("the sale shows", is_known).await;
    }
    world.until("the changes are judged", async || world.reliance() == reliance).await;
}

#[tokio::test]
async fn where_changes_cant_be_learned_lists_are_read_whole() {
    let (unfit, default) = ([Reliance::Unfit; 2], Settings::default);
    for update_filters in [UpdateFilters::Ignored, UpdateFilters::MatchNothing, UpdateFilters::Refused] {
        shows_by_whole_readings(Settings { update_filters, ..default() }, unfit).await;
    }
    shows_by_whole_readings(Settings { update_times: UpdateTimes::Absent, ..default() }, unfit).await;
    shows_by_whole_readings(Settings { totals: Totals::OfList, ..default() }, unfit).await;
}

#[tokio::test]
async fn where_sales_dont_touch_a_splitter_splitters_are_read_whole() {
    let simulator = Settings { sales: Sales::Silent, ..Settings::default() };
    shows_by_whole_readings(simulator, [Reliance::Proven, Reliance::Unproven]).await;
}

#[tokio::test]
async fn a_missed_sale_puts_an_end_to_relying_on_changes_and_is_counted() {
    let simulator = Settings { sales: Sales::Silent, ..Settings::default() };
    let world = world(simulator).await;
    let home = world.sellable_box();
    world.simulator.sell_out(&home.id).unwrap();
    assert_eq!(world.published_changes().await.changed, Some(0));
    let report = world.refresh().await;
    assert_eq!(report["published"]["drift"]["splitters"]["changed"], 1, "{report}");
    let drift = r#"viability_refresh_drift_total{kind="changed",list="splitters",tenant="demo"}"#;
    assert_eq!(world.metric(drift).await, 1);
    let (_, status) = world.admin("/admin/status").await;
    let reliance = &status["tenants"][0]["refresh"]["changes"]["reliance"];
    assert_eq!((&reliance["boxes"], &reliance["splitters"]), (&"proven".into(), &"unproven".into()));
    let why_not = &status["tenants"][0]["refresh"]["changes"]["why_not"];
    assert_eq!(why_not["splitters"], "changes without a new updatedAt: 1, with one: 0");
}

#[tokio::test]
async fn changes_of_more_than_a_page_are_read_in_either_form_of_pages() {
    for (pagination, id_filters, learned) in [
        (Pagination::Current, IdFilters::Honoured, true),
        (Pagination::Legacy, IdFilters::Honoured, true),
        // Without a way to go on behind a row changes can't be read page after page.
        (Pagination::Current, IdFilters::Ignored, false),
    ] {
        let simulator = Settings { pagination, id_filters, max_limit: Some(7), ..Settings::default() };
        let world = world(simulator).await;
        let homes: Vec<_> = world
            .simulator
            .boxes()
            .into_iter()
            .filter(|one| !one.draft && one.free_ports > 0)
            .take(30)
            .collect();
        for home in &homes {
            world.simulator.sell_out(&home.id).unwrap();
        }
        let changed = world.published_changes().await.changed;
        assert_eq!(changed, Some(if learned { 30 } else { 0 }));
        let unfit = world.reliance()[1] == Reliance::Unfit;
        assert_eq!(unfit, !learned);
    }
}

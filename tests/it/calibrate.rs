//! Finding out how one's own OZmap answers: each deviation by its name, and a faithful one as faithful.

mod program;

use ozmap_simulator::{
    Boundary, BoxOrder, Fault, OracleRules, RefusedBoxes, ServiceConnectors, Settings, Simulator,
};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use viability_proxy::calibrate::fit::Finding;
use viability_proxy::calibrate::points::Choice;
use viability_proxy::calibrate::verdict::{Conclusion, Reason, settings};
use viability_proxy::calibrate::watch::{Phase, Watch};
use viability_proxy::calibrate::{self, Calibration, CalibrationError, Plan};
use viability_proxy::config::load::{Source, load};
use viability_proxy::metrics::Metrics;
use viability_proxy::ozmap::Client;
use viability_proxy::ozmap::wire::difference::Side;

const POINTS: usize = 200;

async fn simulator(rules: OracleRules) -> Simulator {
    Simulator::start(Settings { rules, ..Settings::default() }).await.unwrap()
}

/// As fast as it goes, with these settings for viability.
async fn calibrate(
    simulator: &Simulator,
    viability: &str,
    watch: &dyn Watch,
) -> Result<Calibration, CalibrationError> {
    let text = format!(
        "[tenants.demo]\nhost = \"{}\"\nkey_env = \"KEY\"\n[tenants.demo.viability]\n{viability}",
        simulator.host()
    );
    let source = Source { path: PathBuf::from("test.toml"), text };
    let env = BTreeMap::from([("KEY".to_owned(), simulator.full_key())]);
    let config = load(&source, &env).unwrap_or_else(|faults| panic!("{faults}"));
    let tenant = &config.tenants[0];
    let client = Client::new(tenant, Arc::new(Metrics::new().unwrap())).unwrap();
    let plan = Plan { choice: Choice { points: POINTS, seed: 1 }, rate: 1_000.0 };
    calibrate::run(&client, tenant, &plan, watch).await
}

async fn calibrated(rules: OracleRules) -> Calibration {
    calibrate(&simulator(rules).await, "", &()).await.unwrap()
}

fn finding<'c>(calibration: &'c Calibration, dimension: &str) -> &'c Finding {
    let mut findings = calibration.fit.findings.iter();
    findings.find(|finding| finding.dimension.name == dimension).expect("such a dimension")
}

/// Dimensions that are otherwise than configured, and how.
fn changed(calibration: &Calibration) -> Vec<(&str, &str)> {
    let changed = calibration.fit.findings.iter().filter(|finding| finding.is_new());
    changed.map(|finding| (finding.dimension.name, finding.chosen.value.as_str())).collect()
}

#[tokio::test]
async fn an_ozmap_that_answers_as_configured_is_safe_to_switch_to() {
    let calibration = calibrated(OracleRules::default()).await;
    assert_eq!(calibration.verdict.conclusion, Conclusion::Safe);
    assert_eq!(calibration.verdict.reasons, []);
    assert_eq!(calibration.points.len(), POINTS);
    assert!(calibration.left.is_empty() && calibration.as_configured.is_empty());
    assert_eq!(settings(&calibration.fit), Vec::<String>::new());
    // It means something only where every other value would have shown.
    for finding in &calibration.fit.findings {
        let never_alone = finding.dimension.name == "service_connectors: splitter";
        assert_eq!(finding.others.is_empty(), never_alone, "{}", finding.dimension.name);
        for other in &finding.others {
            assert!(other.is_told_apart && other.fits < POINTS, "{} {}", finding.dimension.name, other.value);
        }
    }
    let aims: BTreeSet<_> = calibration.points.iter().map(|point| point.probe.aim.as_str()).collect();
    assert_eq!(aims.len(), 17, "{aims:?}");
}

#[tokio::test]
async fn each_deviation_is_found_by_its_name() {
    let base = OracleRules::default();
    let fusions = ServiceConnectors { fusions: true, ..ServiceConnectors::default() };
    let cases = [
        (
            OracleRules { earth_radius_m: 6_371_000.0, ..base },
            ("earth_radius_m", "6371000"),
            "earth_radius_m = 6371000",
        ),
        (
            OracleRules { earth_radius_m: 6_378_137.0, ..base },
            ("earth_radius_m", "6378137"),
            "earth_radius_m = 6378137",
        ),
        (
            OracleRules { boundary: Boundary::Exclusive, ..base },
            ("boundary", "exclusive"),
            "boundary = \"exclusive\"",
        ),
        (OracleRules { max_boxes: 10, ..base }, ("max_boxes", "10"), "max_boxes = 10"),
        (OracleRules { max_boxes: 37, ..base }, ("max_boxes", "37"), "max_boxes = 37"),
        (
            OracleRules { blocked_ports_are_free: true, ..base },
            ("blocked_ports_are_free", "true"),
            "blocked_ports_are_free = true",
        ),
        (
            OracleRules { service_connectors: fusions, ..base },
            ("service_connectors: fusion", "true"),
            "service_connectors = [\"splitter\", \"fusion\"]",
        ),
        (
            OracleRules { refused: RefusedBoxes::LeftOut, ..base },
            ("list_refused", "false"),
            "list_refused = false",
        ),
        (OracleRules { maximum_drop: true, ..base }, ("maximum_drop", "true"), "maximum_drop = true"),
        (
            OracleRules { property_ports_are_free: true, ..base },
            ("property_ports_are_free", "true"),
            "property_ports_are_free = true",
        ),
        (
            OracleRules { list_properties: true, ..base },
            ("list_properties", "true"),
            "list_properties = true",
        ),
        (
            OracleRules { list_condominiums: true, ..base },
            ("list_condominiums", "true"),
            "list_condominiums = true",
        ),
        (
            OracleRules { consider_condominiums: true, ..base },
            ("consider_condominiums", "true"),
            "consider_condominiums = true",
        ),
    ];
    for (rules, deviation, setting) in cases {
        let calibration = calibrated(rules).await;
        assert_eq!(changed(&calibration), [deviation]);
        assert_eq!(settings(&calibration.fit), [setting]);
        assert_eq!(calibration.verdict.conclusion, Conclusion::SafeWithSettings, "{deviation:?}");
        assert!(calibration.points.iter().all(|point| point.fits_best), "{deviation:?}");
        let differ = calibration.points.iter().filter(|point| !point.fits).count();
        assert_eq!(calibration.verdict.reasons, [Reason::Differs { points: differ, of: POINTS }]);
        let configured = finding(&calibration, deviation.0).configured.as_ref().unwrap();
        assert_eq!((configured.fits, differ > 0), (POINTS - differ, true), "{deviation:?}");
    }
}

#[tokio::test]
async fn deviations_are_found_together() {
    let base = OracleRules::default();
    let sphere = OracleRules { earth_radius_m: 6_371_000.0, max_boxes: 10, ..base };
    assert_eq!(changed(&calibrated(sphere).await), [("earth_radius_m", "6371000"), ("max_boxes", "10")]);
    let ports = OracleRules { blocked_ports_are_free: true, maximum_drop: true, ..base };
    assert_eq!(
        changed(&calibrated(ports).await),
        [("blocked_ports_are_free", "true"), ("maximum_drop", "true")]
    );
    let others = ServiceConnectors { splitters: false, connectors: true, fusions: true, switches: true };
    let many = OracleRules {
        service_connectors: others,
        boundary: Boundary::Exclusive,
        refused: RefusedBoxes::LeftOut,
        ..base
    };
    let calibration = calibrated(many).await;
    assert_eq!(
        changed(&calibration),
        [
            ("list_refused", "false"),
            ("service_connectors: splitter", "false"),
            ("service_connectors: connector", "true"),
            ("service_connectors: fusion", "true"),
            ("service_connectors: switch", "true"),
            ("boundary", "exclusive"),
        ]
    );
    assert_eq!(calibration.verdict.conclusion, Conclusion::SafeWithSettings);
}

#[tokio::test]
async fn what_no_setting_covers_is_told_and_not_safe() {
    let base = OracleRules::default();
    let unknown = calibrated(OracleRules { unknown_field: true, ..base }).await;
    assert_eq!(unknown.verdict.conclusion, Conclusion::NotSafe);
    let [field] = unknown.fields.as_slice() else { panic!("{:?}", unknown.fields) };
    assert_eq!((field.field.as_str(), field.by), ("olt", Side::Ozmap));
    assert!(field.points > POINTS / 2);
    assert_eq!(unknown.verdict.reasons, [Reason::Field(field.clone())]);
    assert_eq!(changed(&unknown), [], "a field more hides nothing else");

    let by_id = calibrated(OracleRules { order: BoxOrder::ById, ..base }).await;
    assert_eq!(changed(&by_id), [("order", "by id")]);
    assert_eq!(settings(&by_id.fit), Vec::<String>::new());
    let no_setting = Reason::NoSetting { dimension: "order", value: "by id".to_owned() };
    assert_eq!(by_id.verdict.conclusion, Conclusion::NotSafe);
    assert!(by_id.verdict.reasons.contains(&no_setting), "{:?}", by_id.verdict.reasons);
}

/// Does something at a moment of a calibration.
struct Meddler<F>(F);

impl<F: Fn(Phase, u64) + Sync> Watch for Meddler<F> {
    fn at(&self, phase: Phase, done: u64, _of: Option<u64>) {
        self.0(phase, done);
    }

    fn ended(&self, _phase: Phase, _done: u64) {}
}

#[tokio::test]
async fn a_sale_meanwhile_is_no_difference_of_rules() {
    let simulator = simulator(OracleRules::default()).await;
    let sale = Meddler(|phase, done| {
        if (phase, done) == (Phase::Asking, 1) {
            let open = simulator.boxes().into_iter().filter(|one| !one.draft && one.free_ports > 0);
            for one in open.step_by(200) {
                simulator.sell_port(&one.id).unwrap();
            }
        }
    });
    let calibration = calibrate(&simulator, "", &sale).await.unwrap();
    assert!(calibration.changed > 0, "{}", calibration.changed);
    assert_eq!(calibration.verdict.reasons, []);
    assert_eq!(calibration.verdict.conclusion, Conclusion::Safe);
}

#[tokio::test]
async fn an_ozmap_that_refuses_the_key_or_fails_on_and_on_is_left_alone() {
    let stopped = |calibration: &Calibration| {
        let reasons = &calibration.verdict.reasons;
        assert_eq!(calibration.verdict.conclusion, Conclusion::NotSafe);
        reasons.iter().any(|reason| matches!(reason, Reason::Stopped { .. }))
    };
    let one = simulator(OracleRules::default()).await;
    let revoke = Meddler(|phase, done| {
        if (phase, done) == (Phase::Asking, 30) {
            one.revoke(&one.full_key());
        }
    });
    let calibration = calibrate(&one, "", &revoke).await.unwrap();
    assert!(stopped(&calibration));
    assert_eq!((calibration.points.len(), one.requests("viability")), (30, 31));

    let other = simulator(OracleRules::default()).await;
    let fail = Meddler(|phase, done| {
        if (phase, done) == (Phase::Asking, 30) {
            other.faults().set("/ftth-viability", Fault::Failure { rate: 1.0, status: 500 });
        }
    });
    let calibration = calibrate(&other, "", &fail).await.unwrap();
    assert!(stopped(&calibration));
    assert_eq!((calibration.points.len(), other.requests("viability")), (30, 35));
    assert_eq!(calibration.unanswered.failed, 5);
}

#[tokio::test]
async fn an_ozmap_that_takes_a_radius_of_0_for_none_leaves_the_edge_untold() {
    let simulator = simulator(OracleRules::default()).await;
    let body = r#"{"viable":true,"boxes":[{"distance":5,"id":"5dc06d1275fc7d0006732521"}],"refused_boxes":[],"properties":[]}"#;
    let (content_type, body) = ("application/json".to_owned(), body.to_owned());
    simulator.faults().set("/ftth-viability", Fault::Answer { status: 200, content_type, body });
    let calibration = calibrate(&simulator, "", &()).await.unwrap();
    assert_eq!((calibration.unanswered.exact, calibration.points.len()), (8, POINTS - 8));
    assert!(!finding(&calibration, "boundary").is_told());
    assert_eq!(calibration.verdict.conclusion, Conclusion::NotSafe);
}

#[tokio::test]
async fn too_many_questions_without_an_answer_are_not_safe_and_few_are() {
    let flaky = simulator(OracleRules::default()).await;
    flaky.faults().set("/ftth-viability", Fault::Failure { rate: 0.2, status: 503 });
    let calibration = calibrate(&flaky, "", &()).await.unwrap();
    let failed = calibration.unanswered.failed;
    assert!(
        calibration
            .verdict
            .reasons
            .iter()
            .any(|reason| matches!(reason, Reason::Unanswered { points, .. } if *points == failed))
    );

    let once = simulator(OracleRules::default()).await;
    once.faults().next(3, "/ftth-viability", Fault::Failure { rate: 1.0, status: 503 });
    let calibration = calibrate(&once, "", &()).await.unwrap();
    assert_eq!((calibration.unanswered.failed, calibration.verdict.conclusion), (3, Conclusion::Safe));
}

#[tokio::test]
async fn a_list_that_cant_be_read_takes_its_hypothesis_away_and_isnt_safe() {
    let simulator = simulator(OracleRules::default()).await;
    simulator.faults().set("/fusions", Fault::Failure { rate: 1.0, status: 403 });
    let calibration = calibrate(&simulator, "", &()).await.unwrap();
    assert_eq!(calibration.near.unread.keys().copied().collect::<Vec<_>>(), ["fusions"]);
    assert!(!finding(&calibration, "service_connectors: fusion").is_told());
    assert!(finding(&calibration, "service_connectors: switch").is_told());
    let [Reason::Unread { list: "fusions", .. }] = calibration.verdict.reasons.as_slice() else {
        panic!("{:?}", calibration.verdict.reasons)
    };
    assert_eq!(calibration.verdict.conclusion, Conclusion::NotSafe);

    let counted = "service_connectors = [\"splitter\", \"fusion\"]";
    let error = calibrate(&simulator, counted, &()).await.err().expect("no calibration");
    assert!(matches!(error, CalibrationError::Unread(_)), "{error}");
}

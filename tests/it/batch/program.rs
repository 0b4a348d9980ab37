//! `viability-proxy batch`, as people run it.

use crate::cli::{program, text};
use crate::harness::{PATIENCE, World};
use ozmap_simulator::NewBox;
use std::fs;
use std::path::Path;
use std::process::Output;
use tempfile::TempDir;

/// A running proxy with a box of an awkward name, and a folder.
struct Office {
    world: World,
    folder: TempDir,
}

impl Office {
    async fn open() -> Self {
        let world = World::start().await;
        let name = "=CTO \"1\";\nfundos".to_owned();
        world.simulator.add_box(NewBox { name, lat: -10.0, lng: -50.0, ..NewBox::default() });
        world.refresh().await;
        Self { world, folder: tempfile::tempdir().unwrap() }
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        fs::write(self.path(name), bytes).unwrap();
    }

    async fn run_with(&self, key: &str, arguments: &[&str]) -> Output {
        let proxy = format!("http://{}/", self.world.app.public_address());
        let mut command = program(&["batch", "--proxy", &proxy, "--key-env", "KEY"]);
        let output = command.args(arguments).env("KEY", key).current_dir(self.folder.path()).output();
        tokio::time::timeout(PATIENCE, output).await.expect("it ends by itself").unwrap()
    }

    async fn run(&self, arguments: &[&str]) -> Output {
        self.run_with(&self.world.simulator.full_key(), arguments).await
    }

    /// Rows that the proxy has answered.
    async fn answered(&self) -> u64 {
        let mut all = 0;
        for result in ["viable", "not_viable", "unknown", "error"] {
            let series = format!("viability_batch_rows_total{{result=\"{result}\",tenant=\"demo\"}}");
            all += self.world.metric(&series).await;
        }
        all
    }
}

/// As a spreadsheet in Brazil saves it: Windows-1252, `;`, decimal commas.
fn brazilian() -> Vec<u8> {
    let text = "Endereço;Latitude;Longitude;Raio\r\n\
        \"Praça São João; 1\";-10,0;-50,0;150\r\n\
        \"Rua\r\ndois\";-10,0;-50,0;\r\n\
        ;;;\r\n\
        Sem lugar;;;\r\n\
        =1+1;80;0;150\r\n\
        +55 48 9;80;0;9000\r\n";
    text.chars().map(|letter| u8::try_from(u32::from(letter)).unwrap()).collect()
}

#[tokio::test]
async fn a_spreadsheets_table_comes_back_as_one_that_a_spreadsheet_opens() {
    let office = Office::open().await;
    office.write("in.csv", brazilian());
    let output = office.run(&["in.csv", "-o", "out.csv"]).await;
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let id = office.world.ask(-10.0, -50.0, 1.0).await.body["boxes"][0]["id"].as_str().unwrap().to_owned();
    let ours = "viable;viable_reason;box_id;box_name;box_distance_m;box_free_ports;boxes_offered;boxes_refused;\
        nearest_refusal;row_line;row_error";
    let near = format!("true;;{id};\"'=CTO \"\"1\"\";\nfundos\";0;8;1;0;;");
    let expected = format!(
        "\u{feff}Endereço;Latitude;Longitude;Raio;{ours}\r\n\
         \"Praça São João; 1\";-10,0;-50,0;150;{near}2;\r\n\
         \"Rua\r\ndois\";-10,0;-50,0;;{near}3;\r\n\
         Sem lugar;;;;;;;;;;;;;6;missing_lat\r\n\
         =1+1;80;0;150;false;;;;;;0;0;;7;\r\n\
         +55 48 9;80;0;9000;;radius;;;;;;;;8;\r\n"
    );
    assert_eq!(fs::read_to_string(office.path("out.csv")).unwrap(), expected);
    assert!(!office.path("out.csv.part").exists());
    let told = text(&output.stdout);
    for part in [
        "in.csv: 5 rows in ",
        "  viable              2  40.0 %\n",
        "  not viable          1  20.0 %\n",
        "  unknown             1  20.0 %  radius 1\n",
        "  errors              1  20.0 %  missing_lat 1\n",
        "  line 6: missing_lat\n",
        "  answered from data read at OZmap ",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
    assert!(
        text(&output.stderr).contains("1 rows have cells that a spreadsheet computes (the first at line 7)")
    );
}

#[tokio::test]
async fn the_characters_of_a_file_and_the_names_of_its_columns_are_what_they_are() {
    let office = Office::open().await;
    let table = "\u{feff}rua,y,x\nÀ,-10,-50\n";
    let utf16 = |bytes: fn(u16) -> [u8; 2]| table.encode_utf16().flat_map(bytes).collect::<Vec<_>>();
    let files = [
        table.as_bytes().to_vec(),
        table.as_bytes()[3..].to_vec(),
        utf16(u16::to_le_bytes),
        utf16(u16::to_be_bytes),
    ];
    let mut results = Vec::new();
    for file in files {
        office.write("in.csv", file);
        let output = office.run(&["in.csv", "-o", "out.csv", "--lat-column", "Y", "--lng-column", "X"]).await;
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        results.push(fs::read_to_string(office.path("out.csv")).unwrap());
    }
    assert!(results[0].contains("\nÀ,-10,-50,true,"), "{}", results[0]);
    assert!(results.iter().all(|result| *result == results[0]));
    let unnamed = office.run(&["in.csv", "-o", "out.csv"]).await;
    assert_eq!(unnamed.status.code(), Some(1));
    assert!(text(&unnamed.stderr).contains("called lat; its names stand there"), "{unnamed:?}");
    assert!(text(&unnamed.stderr).contains("--lat-column"), "{unnamed:?}");
}

/// A table of several blocks, some of its rows bad, and cells with everything that ends a row elsewhere.
fn long() -> String {
    let row = |number: u32| match number % 7 {
        0 => format!("\"{number}\r\nb\";x;-50\r\n"),
        1 => format!("\"{number}\"\";\";-10;-50,00{number}\r\n"),
        _ => format!("{number};-10,0001;-50\r\n"),
    };
    format!("id;lat;lng\r\n{}", (0..2_300).map(row).collect::<String>())
}

#[tokio::test]
async fn an_interrupted_run_goes_on_behind_its_last_whole_row() {
    let office = Office::open().await;
    office.write("in.csv", long());
    let whole = office.run(&["in.csv", "-o", "out.csv"]).await;
    assert_eq!(whole.status.code(), Some(0), "{whole:?}");
    let result = fs::read(office.path("out.csv")).unwrap();
    let first = office.answered().await;
    assert_eq!(first, 2_300 - 329, "bad rows aren't sent");
    let mut cuts = vec![0, 2, 20, result.len() - 1, result.len()];
    // Within a row, in its name of two lines, between the two bytes of its end.
    let middle = result.len() / 2;
    cuts.extend((middle..middle + 150).step_by(29));
    let mut asked = first;
    for (number, cut) in cuts.into_iter().enumerate() {
        office.write("out.csv.part", &result[..cut]);
        let output = office.run(&["in.csv", "-o", "out.csv"]).await;
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        assert!(fs::read(office.path("out.csv")).unwrap() == result, "cut at {cut}");
        assert!(text(&output.stdout).starts_with("in.csv: 2300 rows in "), "{output:?}");
        let now = office.answered().await;
        if number > 4 {
            assert!((900..1_100).contains(&(now - asked)), "{} rows are asked again", now - asked);
        }
        asked = now;
    }
}

#[tokio::test]
async fn what_belongs_to_another_table_is_not_gone_on_with() {
    let office = Office::open().await;
    office.write("one.csv", "lat,lng\n1,2\n3,4\n");
    office.write("other.csv", "lat,lng\n1,2\n3,5\n");
    assert_eq!(office.run(&["one.csv", "-o", "out.csv"]).await.status.code(), Some(0));
    fs::rename(office.path("out.csv"), office.path("out.csv.part")).unwrap();
    let refused = office.run(&["other.csv", "-o", "out.csv"]).await;
    assert_eq!(refused.status.code(), Some(1), "{refused:?}");
    assert!(
        text(&refused.stderr).contains("--restart") && text(&refused.stderr).contains("line 3"),
        "{refused:?}"
    );
    assert_eq!(office.run(&["other.csv", "-o", "out.csv", "--restart"]).await.status.code(), Some(0));
    assert!(fs::read_to_string(office.path("out.csv")).unwrap().contains("\n3,5,false,"));
}

#[tokio::test]
async fn what_cannot_be_asked_is_told_with_its_remedy() {
    let office = Office::open().await;
    office.write("in.csv", "lat,lng\n1,2\n");
    let stranger = office.run_with("stolen", &["in.csv", "-o", "out.csv"]).await;
    assert_eq!(stranger.status.code(), Some(1), "{stranger:?}");
    assert!(
        text(&stranger.stderr).contains("0 of 1 rows are answered") && text(&stranger.stderr).contains("401"),
        "{stranger:?}"
    );
    assert!(!text(&stranger.stderr).contains("stolen"));
    for (arguments, code) in [
        (&["in.csv", "-o", "no/such/folder/out.csv"][..], 2),
        (&["absent.csv", "-o", "out.csv"], 1),
        (&["in.csv"], 2),
        (&["in.csv", "-o", "out.csv", "--key-env", "OTHER"], 2),
        (&["in.csv", "-o", "out.csv", "--radius", "0"], 2),
    ] {
        let output = office.run(arguments).await;
        assert_eq!(output.status.code(), Some(code), "{arguments:?} {output:?}");
    }
    for (text, told) in [
        ("", "nothing in it"),
        ("lat;lng\n1;\"2", "a quote is left open"),
        ("lat;lng\n\"", "a quote is left open"),
    ] {
        office.write("in.csv", text);
        let output = office.run(&["in.csv", "-o", "out.csv"]).await;
        assert!(crate::cli::text(&output.stderr).contains(told), "{output:?}");
    }
}

#[tokio::test]
async fn the_configuration_tells_whom_to_ask_and_with_which_key() {
    let office = Office::open().await;
    let (host, listen) = (office.world.simulator.host(), office.world.app.public_address());
    let config =
        format!("[server]\nlisten = \"{listen}\"\n[tenants.demo]\nhost = \"{host}\"\nkey_file = \"key\"\n");
    office.write("config.toml", config);
    office.write("key", office.world.simulator.full_key());
    office.write("in.csv", "lat,lng\n-10,-50\n");
    let run = program(&["batch", "in.csv", "-o", "out.csv"]).current_dir(office.folder.path()).output();
    let output = tokio::time::timeout(PATIENCE, run).await.unwrap().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(fs::read_to_string(Path::new(&office.path("out.csv"))).unwrap().contains("\n-10,-50,true,"));
}

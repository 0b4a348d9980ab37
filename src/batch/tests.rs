//! Whatever pieces the input comes in, the output is the same; and what is hostile ends early.

use super::*;
use proptest::prelude::*;

/// Answers all rows in these pieces as unknown; what came out, and how it ended.
fn through(format: Format, pieces: &[&[u8]]) -> (String, Result<Vec<Row>, Unreadable>) {
    let (mut batch, mut output, mut rows) = (Batch::new(format, 1_000), Vec::new(), Vec::new());
    let mut answer = |batch: &mut Batch, row: Row| {
        let told = match row.asked {
            Ok(_) => Told { viable: Some(true), row_line: row.line, ..Told::default() },
            Err(fault) => Told::faulty(row.line, fault),
        };
        rows.push(row);
        batch.write(&told, &mut output);
    };
    let mut run = || {
        for piece in pieces {
            let mut input = *piece;
            while let Some(row) = batch.next(&mut input)? {
                answer(&mut batch, row);
            }
            assert!(input.is_empty(), "what holds no whole row is kept inside");
        }
        if let Some(row) = batch.last()? {
            answer(&mut batch, row);
        }
        Ok(())
    };
    let ended = run();
    if ended.is_ok() {
        batch.finish(&mut output);
    }
    (String::from_utf8(output).expect("UTF-8, whatever came in"), ended.map(|()| rows))
}

fn whole(format: Format, text: impl AsRef<[u8]>) -> (String, Result<Vec<Row>, Unreadable>) {
    through(format, &[text.as_ref()])
}

/// The line and the fault, or the place asked for, of each row.
fn lines(format: Format, text: impl AsRef<[u8]>) -> Vec<(u64, String)> {
    let rows = whole(format, text).1.unwrap();
    let told = |row: &Row| match row.asked {
        Ok(asked) => format!("{} {}", asked.center.lat(), asked.center.lng()),
        Err(fault) => fault.code().to_owned(),
    };
    rows.iter().map(|row| (row.line, told(row))).collect()
}

fn said(lines: &[(u64, &str)]) -> Vec<(u64, String)> {
    lines.iter().map(|(line, text)| (*line, (*text).to_owned())).collect()
}

const OURS: &str = "viable,viable_reason,box_id,box_name,box_distance_m,box_free_ports,boxes_offered,boxes_refused,\
    nearest_refusal,row_line,row_error";

#[test]
fn a_table_comes_back_with_its_own_columns_and_ours() {
    let text =
        "id,address,lat,lng\r\n7,\"Rua X, 10\",-27.5,-48.5\r\n\r\n8,\"two\nlines\",x,-48\r\n9,,-1,\"-2\"";
    let (output, rows) = whole(Format::Csv, text);
    assert_eq!(rows.unwrap().iter().map(|row| row.line).collect::<Vec<_>>(), [2, 4, 6]);
    assert_eq!(
        output,
        format!(
            "id,address,lat,lng,{OURS}\r\n\
             7,\"Rua X, 10\",-27.5,-48.5,true,,,,,,,,,2,\r\n\
             8,\"two\nlines\",x,-48,,,,,,,,,,4,bad_lat\r\n\
             9,,-1,-2,true,,,,,,,,,6,\r\n"
        )
    );
    // What came out can be sent again: our columns are made anew. The empty line is gone by now.
    let again = output.replace(",4,bad_lat", ",3,bad_lat").replace(",6,\r\n", ",5,\r\n");
    assert_eq!(whole(Format::Csv, &output).0, again);
}

#[test]
fn a_brazilian_table_is_read_as_it_is() {
    let text = "\u{feff}Endereço;Latitude;Longitude;Raio (m)\r\n\"Praça; 1\";-27,5;-48,5;200\r\n;;;\r\n";
    let (output, rows) = whole(Format::Csv, text);
    let row = rows.unwrap()[0];
    assert_eq!(row.asked.unwrap().radius.unwrap().metres().to_string(), "200");
    let ours = OURS.replace(',', ";");
    assert_eq!(
        output,
        format!(
            "\u{feff}Endereço;Latitude;Longitude;Raio (m);{ours}\r\n\"Praça; 1\";-27,5;-48,5;200;true;;;;;;;;;2;\r\n"
        )
    );
}

#[test]
fn a_hint_of_excels_is_taken() {
    assert_eq!(lines(Format::Csv, "sep=;\r\nlat;lng\r\n1,5;2\r\n"), said(&[(3, "1.5 2")]));
    assert_eq!(lines(Format::Csv, "sep=\t\nlat\tlng\n1\t2"), said(&[(3, "1 2")]));
    assert_eq!(whole(Format::Csv, "sep=;").1, Err(Unreadable::Empty));
}

#[test]
fn a_row_with_a_cell_too_many_is_not_judged_and_loses_nothing() {
    let (output, _) = whole(Format::Csv, "lat,lng,address\n-27,-48,Rua X, 10\n-27,-48,Rua Y,\n-27,-48\n");
    let rows: Vec<_> = output.lines().skip(1).collect();
    assert_eq!(rows[0], "-27,-48,\"Rua X, 10\",,,,,,,,,,2,too_many_cells");
    assert!(rows[1].starts_with("-27,-48,Rua Y,true,"), "{}", rows[1]);
    assert!(rows[2].starts_with("-27,-48,,true,"), "{}", rows[2]);
}

#[test]
fn what_is_no_text_is_told_and_replaced() {
    let (output, rows) = whole(Format::Csv, b"a,lat,lng\n\xff,1,2\nx\0y,1,2\nz,1,2\n");
    let faults: Vec<_> = rows.unwrap().iter().map(|row| row.asked.err().map(RowFault::code)).collect();
    assert_eq!(faults, [Some("not_utf8"), Some("not_utf8"), None]);
    assert!(output.contains("\n\u{fffd},1,2,") && output.contains("\nx\u{fffd}y,1,2,"), "{output}");
    assert_eq!(lines(Format::Ndjson, b"{\"lat\":1,\"lng\":2,\"a\":\"\xff\"}\n"), said(&[(1, "not_utf8")]));
    assert_eq!(lines(Format::Ndjson, b"{\"lat\":1,\"lng\":2,\"a\":\"\0\"}\n"), said(&[(1, "bad_json")]));
    assert_eq!(whole(Format::Csv, b"\xff\xfel\0a\0t\0\n\0").1, Err(Unreadable::Utf16));
}

#[test]
fn a_table_that_makes_no_sense_is_told() {
    for (text, fault) in [
        ("", Unreadable::Empty),
        ("\n", Unreadable::Empty),
        ("lat;longitud3\n1;2\n", Unreadable::NoColumn { column: "lng" }),
        ("lat;lng;Latitude\n", Unreadable::TwoColumns { column: "lat" }),
        ("lat;lng\n1;2\n3;\"4\n5;6\n", Unreadable::OpenQuote { line: 3 }),
        ("lat;\"lng\n1;2", Unreadable::OpenQuote { line: 1 }),
    ] {
        assert_eq!(whole(Format::Csv, text).1, Err(fault), "{text:?}");
    }
    assert_eq!(whole(Format::Csv, "lat,lng\n").0, format!("lat,lng,{OURS}\n"));
}

#[test]
fn objects_come_back_as_they_were_with_our_fields_behind() {
    let text = "{\"id\": \"é\\u00e9\" , \"lat\": -27.50, \"lng\":\"-48,5\", \"radius\":null, \"deep\":{\"a\":[1,  2]}}\r\n\n[1]\nx\n{\"lat\":1,\"lat\":1,\"lng\":2}\n{\"row_line\":5,\"lat\":1,\"lng\":2}";
    let expected =
        said(&[(1, "-27.5 -48.5"), (3, "not_an_object"), (4, "bad_json"), (5, "repeated_lat"), (6, "1 2")]);
    assert_eq!(lines(Format::Ndjson, text), expected);
    let output = whole(Format::Ndjson, text).0;
    let first = output.lines().next().unwrap();
    let own =
        r#"{"id":"é\u00e9","lat":-27.50,"lng":"-48,5","radius":null,"deep":{"a":[1,  2]},"viable":true,"#;
    assert!(first.starts_with(own), "{first}");
    for line in output.lines() {
        let row: serde_json::Map<_, _> = serde_json::from_str(line).unwrap();
        assert!(told::FIELDS.iter().all(|field| row.contains_key(*field)), "{line}");
    }
    assert_eq!(output.lines().last().unwrap().matches("row_line").count(), 1);
}

#[test]
fn an_array_comes_back_as_an_array() {
    let text = r#" [ {"lat":1,"lng":2,"a":"],}{\"" } , 5, "x]", null,{"lat":[[{}]],"lng":2} ] "#;
    let expected =
        said(&[(1, "1 2"), (2, "not_an_object"), (3, "not_an_object"), (4, "not_an_object"), (5, "bad_lat")]);
    assert_eq!(lines(Format::Json, text), expected);
    let rows: Vec<serde_json::Value> = serde_json::from_str(&whole(Format::Json, text).0).unwrap();
    assert_eq!((rows.len(), &rows[0]["a"], &rows[4]["row_error"]), (5, &"],}{\"".into(), &"bad_lat".into()));
    assert_eq!(whole(Format::Json, "\u{feff}[]").0, "[]\n");
    for (text, row) in [
        ("", 0),
        ("{}", 0),
        ("[", 0),
        ("[{}", 1),
        ("[{},]", 1),
        ("[{} {}]", 1),
        ("[1}]", 0),
        ("[] x", 0),
        ("[,", 0),
    ] {
        assert_eq!(whole(Format::Json, text).1, Err(Unreadable::NotAnArray { row }), "{text}");
    }
}

#[test]
fn a_row_that_never_ends_is_given_up() {
    let endless = |format, start: &str, byte: u8, line| {
        let mut batch = Batch::new(format, 10);
        let mut start = start.as_bytes();
        while batch.next(&mut start).unwrap().is_some() {}
        let piece = [byte; 1 << 10];
        let given_up = (0..20).find_map(|_| batch.next(&mut piece.as_slice()).err());
        assert_eq!(given_up, Some(Unreadable::RowTooLong { line }));
    };
    endless(Format::Csv, "", b'x', 1);
    endless(Format::Csv, "lat,lng\n", b'x', 2);
    endless(Format::Csv, "lat,lng\n1,2\n\"", b'\n', 3);
    endless(Format::Ndjson, "{}\n", b' ', 2);
    endless(Format::Json, "[{}, ", b'[', 2);
    endless(Format::Json, "[\"", b'x', 1);
    assert_eq!(
        whole(Format::Csv, format!("lat,lng\n{}", ",".repeat(300))).1,
        Err(Unreadable::TooManyColumns { most: 256 })
    );
}

#[test]
fn brackets_without_end_cost_no_stack() {
    let deep = format!("{{\"lat\":1,\"lng\":2,\"a\":{}{}}}", "[".repeat(8_000), "]".repeat(8_000));
    assert_eq!(lines(Format::Ndjson, &deep), said(&[(1, "1 2")]));
    assert_eq!(lines(Format::Json, format!("[{deep}]")), said(&[(1, "1 2")]));
}

#[test]
fn no_more_rows_are_answered_than_may_be() {
    let text = format!("lat,lng\n{}", "1,2\n".repeat(1_001));
    assert_eq!(whole(Format::Csv, text).1, Err(Unreadable::TooManyRows { most: 1_000 }));
    assert!(whole(Format::Csv, format!("lat,lng\n{}", "1,2\n".repeat(1_000))).1.is_ok());
}

proptest! {
    #[test]
    fn pieces_make_no_difference(
        text in prop::collection::vec(prop_oneof![
            Just("lat,lng\n"), Just("a;lat;lng\r\n"), Just("1,2\n"), Just("\"x\"\"y\";-1,5;2\r\n"), Just("\""), Just(",;\n"), Just("\u{feff}"),
            Just("["), Just("]"), Just("{\"lat\":1,\"lng\":2}"), Just("{\"a\":\"\\\"}"), Just(","), Just("\n"), Just("é"), Just("\0"), Just("9"),
        ], 0..12),
        cuts in prop::collection::vec(0..200_usize, 0..8),
    ) {
        let text = text.concat();
        let mut cuts: Vec<_> = cuts.into_iter().map(|cut| cut.min(text.len())).collect();
        cuts.extend([0, text.len()]);
        cuts.sort_unstable();
        let pieces: Vec<_> = cuts.windows(2).map(|ends| &text.as_bytes()[ends[0]..ends[1]]).collect();
        for format in [Format::Csv, Format::Ndjson, Format::Json] {
            prop_assert_eq!(through(format, &pieces), whole(format, &text));
        }
    }

    #[test]
    fn no_bytes_make_it_panic_or_write_what_is_no_text(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        for start in [&b""[..], b"lat,lng\n", b"[{"] {
            let text = [start, &bytes].concat();
            for format in [Format::Csv, Format::Ndjson, Format::Json] {
                let _either_way = whole(format, &text);
            }
        }
    }
}

//! What the region looks like, at several sizes and in hard cases.

use proptest::prelude::*;

use super::*;
use crate::report::estimate::Work;

fn row(tags: &str, done: u64, inner: Option<u64>, seconds: u64) -> Row {
    let step = |description: &str, done, total| Step { description: description.to_owned(), done, total };
    let mut steps = vec![step("epochs", done, Some(40))];
    steps.extend(inner.map(|inner| step("batches", inner, Some(500))));
    Row {
        task: "wine.train".to_owned(),
        tags: tags.to_owned(),
        steps,
        elapsed: Duration::from_secs(seconds),
        elsewhere: false,
    }
}

fn view() -> View {
    let rows = vec![
        row("k1=0.9 b=0.4 seed=1", 12, Some(250), 65),
        row("k1=1.2 b=0.4 dataset=a_corpus_with_a_name_that_is_much_longer_than_the_room_there_is", 0, None, 3),
        Row {
            task: "wine.évaluer".to_owned(),
            tags: "言語=日本語".to_owned(),
            elapsed: Duration::from_secs(7322),
            ..Row::default()
        },
        Row { elsewhere: true, ..row("", 40, None, 0) },
    ];
    let counts = Counts { submitted: 141, done: 24, cached: 31, failed: 2, running: 4 };
    let mut work = Work { elapsed: Duration::from_secs(60), ..Work::default() };
    work.ran.insert("t".into(), (24, Duration::from_secs(240)));
    work.waiting.insert("t".into(), 65);
    View { experiment: "wine".to_owned(), counts, rows, left: work.left() }
}

fn lines(columns: usize, height: usize, signs: Signs) -> Vec<String> {
    region(&view(), columns, height, signs).iter().map(Line::text).collect()
}

#[test]
fn at_80_columns() {
    assert_eq!(
        lines(80, 8, Signs::Unicode),
        [
            "wine  ━━━━━━━━━━────────────────  57/141  about 3 min left",
            "24 done · 4 running · 80 waiting · 2 failed · 31 cached",
            "  wine.train k1=0.9 b=0.4 seed=1        epochs 12/40  ━━━───────  31%      1m05s",
            "  wine.train k1=1.2 b=0.4 dataset=a_co…  epochs 0/40  ──────────   0%         3s",
            "  wine.évaluer 言語=日本語                                                 2h02m",
            "  wine.train                            epochs 40/40  ━━━━━━━━━━ 100%  elsewhere",
        ]
    );
}

#[test]
fn at_200_columns() {
    let bar = format!("{}{}", "━".repeat(24), "─".repeat(36));
    let gap = " ".repeat(87);
    let long = "k1=1.2 b=0.4 dataset=a_corpus_with_a_name_that_is_much_longer_than_the_room_there_is";
    let shown = lines(200, 8, Signs::Unicode);
    assert_eq!(
        shown[0],
        format!("wine  {bar}  57/141  24 done · 4 running · 80 waiting · 2 failed · 31 cached  about 3 min left")
    );
    assert!(shown[1].ends_with("epochs 12/40 > batches 250/500  ━━━───────  31%      1m05s"), "{}", shown[1]);
    assert!(shown[2].starts_with(&format!("  wine.train {long}  ")), "{}", shown[2]);
    assert!(shown[3].starts_with(&format!("  wine.évaluer 言語=日本語{gap}")), "{}", shown[3]);
    assert!(shown[1..].iter().all(|line| width(line) == 200), "{shown:#?}");
}

#[test]
fn what_does_not_fit_is_counted() {
    let shown = lines(80, 5, Signs::Unicode);
    assert_eq!((shown.len(), shown[4].as_str()), (5, "  … and 2 more"));
    assert_eq!(lines(80, 3, Signs::Unicode)[2], "  … and 4 more");
    assert_eq!(lines(60, 1, Signs::Unicode), ["wine  ━━━━──────  57/141  24 done · 4 running · 80 waiting …"]);
    assert_eq!(lines(9, 2, Signs::Unicode), ["wine  ━━…", "24 done …"]);
    assert!(lines(80, 0, Signs::Unicode).is_empty());
}

#[test]
fn without_utf_8_nothing_else_is_drawn() {
    let shown = lines(80, 4, Signs::Ascii);
    assert_eq!(shown[0], "wine  ##########----------------  57/141  about 3 min left");
    assert_eq!(shown[1], "24 done, 4 running, 80 waiting, 2 failed, 31 cached");
    assert_eq!(shown[3], "  ... and 3 more");
}

#[test]
fn a_run_that_has_just_begun_shows_that() {
    let counts = Counts { submitted: 3, running: 1, ..Counts::default() };
    let view = View { experiment: "first".to_owned(), counts, ..View::default() };
    let shown: Vec<_> = region(&view, 80, 8, Signs::Unicode).iter().map(Line::text).collect();
    assert_eq!(shown, ["first  ──────────────────────────  0/3  1 running · 2 waiting", "  … and 1 more"]);
}

#[test]
fn of_nested_steps_the_inner_ones_are_part_of_the_outer() {
    let step = |done, total| Step { description: String::new(), done, total };
    assert_eq!(fraction(&[]), None);
    assert_eq!(fraction(&[step(3, None)]), None);
    assert_eq!(fraction(&[step(3, Some(0))]), None);
    assert_eq!(fraction(&[step(1, Some(4)), step(1, Some(2))]), Some(0.375));
    assert_eq!(fraction(&[step(1, Some(4)), step(7, None)]), Some(0.25));
    assert_eq!(fraction(&[step(9, Some(4))]), Some(1.0));
}

/// Texts that terminals find hard: wide signs, combining ones, joined ones, controls.
fn hard_text() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        "[a-z0-9=_. ]{0,30}",
        Just("検索エンジン".to_owned()),
        Just("e\u{301}\u{302}o\u{308}".to_owned()),
        Just("👩\u{200d}👩\u{200d}👧\u{1f3fd}🇫🇷❤\u{fe0f}".to_owned()),
        Just("\u{1b}[2J\u{1b}[31m\r\n\t\u{7}\u{202e}".to_owned()),
        any::<char>().prop_map(String::from),
    ];
    proptest::collection::vec(part, 0..6).prop_map(|parts| parts.concat())
}

proptest! {
    #[test]
    fn no_line_is_wider_than_the_terminal_and_none_moves_the_cursor(
        texts in proptest::collection::vec(hard_text(), 6),
        numbers in proptest::collection::vec(0usize..2_000_000, 6),
        (columns, height) in (1usize..220, 0usize..14),
        unicode in any::<bool>(),
    ) {
        let step = |index: usize| Step {
            description: texts[index].clone(),
            done: numbers[index] as u64,
            total: (numbers[index + 1] % 3 > 0).then_some(numbers[index + 1] as u64),
        };
        let row = Row {
            task: texts[0].clone(),
            tags: texts[1].clone(),
            steps: vec![step(2), step(3)],
            elapsed: Duration::from_secs(numbers[0] as u64),
            elsewhere: numbers[1] % 2 == 0,
        };
        let counts = Counts {
            submitted: numbers[0],
            done: numbers[1],
            cached: numbers[2],
            failed: numbers[3],
            running: numbers[4] % 20,
        };
        let rows = vec![row.clone(), Row { steps: Vec::new(), ..row }];
        let view = View { experiment: texts[4].clone(), counts, rows, left: Work::default().left() };
        let signs = if unicode { Signs::Unicode } else { Signs::Ascii };
        let lines = region(&view, columns, height, signs);
        prop_assert!(lines.len() <= height);
        for line in lines {
            let text = line.text();
            prop_assert!(unicode_width::UnicodeWidthStr::width(&*text) <= columns, "{text:?}");
            prop_assert!(!text.chars().any(char::is_control), "{text:?}");
        }
    }
}

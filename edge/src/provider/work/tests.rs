use audio::mulaw;
use providers::{Entry, Whose};

use super::*;

const BUDGET: Duration = Duration::from_secs(1);

/// Something for so many models to do.
fn asked(models: &[&str], asked: Asked) -> Work {
    let stage = asked.stage();
    let post = |model: &&str| Post {
        who: Who {
            stage,
            provider: "openai".to_owned(),
            model: (*model).to_owned(),
        },
        budget: BUDGET,
    };
    let posts: Vec<Post> = models.iter().map(post).collect();
    let entry = |_: &Post| Entry {
        budget: BUDGET,
        rests: false,
    };
    let entries = posts.iter().map(entry).collect();
    let (race, _) = Race::begin(stage, entries, Instant::ZERO);
    Work::new(posts, race, asked)
}

/// A reply to think of, by so many models, with a question of 4000 bytes.
fn thinking(models: &[&str]) -> Work {
    let mut work = asked(models, Asked::Think(Vec::new()));
    for runner in 0..models.len() {
        let request = HttpRequest {
            method: "POST",
            url: String::new(),
            headers: Vec::new(),
            body: vec![b'x'; 4_000],
        };
        work.asks(runner, &request);
        let amount = Amount {
            requests: 1,
            ..Amount::default()
        };
        work.used(runner, amount);
    }
    work
}

/// What each model is paid for: input and output, in tokens.
fn billed(work: &Work) -> Vec<(String, u64, u64)> {
    let paid = |remark| match remark {
        Remark::Did(work) => (
            work.model,
            work.amount.input_tokens,
            work.amount.output_tokens,
        ),
        Remark::Happened { .. } => panic!("no work"),
    };
    work.bill().map(paid).collect()
}

fn words(count: usize) -> Reply {
    Reply::Words("x".repeat(count))
}

#[test]
fn a_draft_that_is_dropped_and_a_reply_that_is_cut_are_paid() {
    let draft = thinking(&["m"]);
    assert_eq!(billed(&draft), [("m".to_owned(), 1_000, 0)]);
    // Nobody hears more than so much of it: the rest is cancelled, and usage with it.
    let mut long = thinking(&["m"]);
    for _ in 0..4 {
        long.says(0, &words(100), None);
    }
    assert_eq!(billed(&long), [("m".to_owned(), 1_000, 100)]);
}

#[test]
fn who_loses_a_race_is_paid_too_and_who_tells_is_believed() {
    let mut work = thinking(&["slow", "quick"]);
    let early = Spent {
        input_tokens: 700,
        ..Spent::default()
    };
    work.told(0, early);
    work.says(1, &words(80), None);
    let spent = Spent {
        input_tokens: 900,
        cached_tokens: 10,
        output_tokens: 25,
    };
    work.says(1, &Reply::Done(spent), None);
    let expected = [("slow".to_owned(), 700, 0), ("quick".to_owned(), 900, 25)];
    assert_eq!(billed(&work), expected);
}

#[test]
fn who_refuses_is_paid_nothing() {
    let mut work = thinking(&["m"]);
    work.says(0, &Reply::Failed(Failure::Refused), None);
    assert_eq!(billed(&work), [("m".to_owned(), 0, 0)]);
}

/// A failure with such a status.
fn failed(work: &mut Work, failure: Failure, status: u16) {
    let complaint = Complaint {
        failure,
        whose: Whose::Request,
        status,
        code: String::new(),
        message: String::new(),
        retry_after_s: None,
    };
    work.says(0, &Reply::Failed(failure), Some(&complaint));
}

/// Something to say, by one who was sent seven characters.
fn speaking() -> Work {
    let mut work = asked(&["m"], Asked::Speak("Hello. ".to_owned()));
    work.used(0, said(7));
    work
}

fn clip() -> Reply {
    Reply::Audio(Clip::from(vec![mulaw::SILENCE; 160]))
}

fn chars(work: &Work) -> u64 {
    work.used.get(&0).map_or(0, |used| used.chars)
}

#[test]
fn what_was_refused_is_not_paid_and_what_was_taken_up_is() {
    for (failure, status, paid) in [
        (Failure::Refused, 401, 0),
        (Failure::Busy, 429, 0),
        (Failure::Broken, 500, 0),
        (Failure::Broken, 0, 0),
        (Failure::Broken, 1006, 0),
        (Failure::Broken, 200, 7),
        (Failure::Late, 0, 7),
    ] {
        let mut work = speaking();
        failed(&mut work, failure, status);
        assert_eq!(chars(&work), paid, "{failure:?} {status}");
        let mut work = speaking();
        work.says(0, &clip(), None);
        failed(&mut work, failure, status);
        assert_eq!(chars(&work), 7, "some of it came: {failure:?} {status}");
    }
    let mut work = asked(&["m"], Asked::Listen(Hearing::default()));
    work.used(0, listened(Duration::from_secs(3)));
    failed(&mut work, Failure::Refused, 403);
    assert_eq!(work.bill().count(), 0);
}

#[test]
fn sound_that_waits_for_a_socket_is_counted_when_that_opens() {
    let second = Clip::silence(Duration::from_secs(1));
    let hearing = Hearing {
        heard: vec![second.clone(), second],
        flush: None,
    };
    let mut work = asked(&["m"], Asked::Listen(hearing));
    work.sound_leaves(0);
    assert!(work.used.is_empty(), "it is not on a socket");
    work.run(0, Running::OnSocket);
    work.sound_leaves(0);
    assert_eq!(work.used[&0], listened(Duration::from_secs(2)));
}

#[test]
fn who_begins_and_then_says_nothing_has_stalled() {
    let patience = Budgets::default().speak;
    let at = Instant::ZERO + Duration::from_secs(1);
    let mut work = speaking();
    assert!(work.stalled(at + patience).is_none(), "it never began");
    work.race.heard(0, clip(), at);
    work.heard = at;
    assert_eq!(work.begun(), Some(0));
    let early = at + patience / 2;
    assert!(work.stalled(early).is_none(), "it is interrupted");
    assert!(work.stalled(at + patience).is_some());
    work.race.heard(0, Reply::Done(Spent::default()), at);
    assert!(work.stalled(at + patience).is_none(), "it came to its end");
    // Who listens is always cut off in the end, and silent before it.
    let mut work = asked(&["m"], Asked::Listen(Hearing::default()));
    let transcript = Reply::Transcript {
        flush: 1,
        text: String::new(),
    };
    work.race.flushed(at);
    work.race.heard(0, transcript, at);
    assert!(work.stalled(at + Duration::from_mins(1)).is_none());
}

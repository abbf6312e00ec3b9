//! What the stand-in for speech-to-text hears.

use futures_util::StreamExt as _;
use futures_util::stream;
use local::speech::{LISTEN_MODEL, LISTEN_OPEN_MODEL, Speech, Voice};

use crate::speech::telephone::{heard, root, speech, spoken, transcribe};

const SENTENCES: &str = include_str!("../../../speech/sentences.txt");

/// Of every `step`th sentence: how many there are, and which are misheard.
async fn misheard(speech: &Speech, voice: Voice, step: usize) -> (usize, Vec<String>) {
    let sentences: Vec<&str> = SENTENCES.lines().step_by(step).collect();
    let count = sentences.len();
    let answers = stream::iter(&sentences).map(|sentence| async move {
        let sound = spoken(speech, sentence, voice).await;
        let text = heard(speech, &sound, LISTEN_MODEL).await;
        (text != *sentence).then(|| format!("{sentence} -> {text}"))
    });
    let wrong = answers
        .buffered(2)
        .filter_map(async |wrong| wrong)
        .collect()
        .await;
    (count, wrong)
}

#[tokio::test]
async fn what_callers_say_is_heard_after_the_telephone() {
    let speech = speech().await;
    let (count, wrong) = misheard(&speech, Voice::Rms, 1).await;
    println!("rms: {} of {count} heard; {wrong:#?}", count - wrong.len());
    assert!(count >= 70, "{count}");
    assert!(wrong.len() <= count / 40, "{wrong:#?}");
}

#[tokio::test]
async fn a_second_voice_is_heard_nearly_as_well() {
    let speech = speech().await;
    let (count, wrong) = misheard(&speech, Voice::Awb, 4).await;
    println!("awb: {} of {count} heard; {wrong:#?}", count - wrong.len());
    assert!(wrong.len() <= count / 6, "{wrong:#?}");
}

#[tokio::test]
async fn silence_noise_and_coughs_are_no_words() {
    let speech = speech().await;
    let mut seed = 1_u32;
    let mut noise = |amplitude: i32| {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        i16::try_from((i32::try_from(seed >> 16).unwrap() - 32_768) * amplitude / 32_768).unwrap()
    };
    let silence = vec![0; 16_000];
    let hiss: Vec<i16> = (0..16_000).map(|_| noise(300)).collect();
    let roar: Vec<i16> = (0..16_000).map(|_| noise(6000)).collect();
    let cough: Vec<i16> = (0..8000_i32)
        .map(|n| {
            if (2000..4000).contains(&n) {
                noise(16_000 / (1 + (n - 2000) / 200))
            } else {
                0
            }
        })
        .collect();
    for (name, sound) in [
        ("silence", silence),
        ("hiss", hiss),
        ("roar", roar),
        ("cough", cough),
    ] {
        for model in [LISTEN_MODEL, LISTEN_OPEN_MODEL] {
            assert_eq!(heard(&speech, &sound, model).await, "", "{name}, {model}");
        }
    }
}

/// Words of the one that are not in the other, in order; the edit distance.
fn edits(said: &[&str], heard: &[&str]) -> usize {
    let mut row: Vec<usize> = (0..=heard.len()).collect();
    for (i, word) in said.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, other) in heard.iter().enumerate() {
            let best = (diagonal + usize::from(word != other))
                .min(row[j] + 1)
                .min(row[j + 1] + 1);
            diagonal = row[j + 1];
            row[j + 1] = best;
        }
    }
    row[heard.len()]
}

#[tokio::test]
async fn words_of_ones_own_choice_are_mostly_heard() {
    let speech = speech().await;
    let sentences = [
        "is there parking near the restaurant",
        "can i bring my dog",
        "we would like to sit outside",
        "i am allergic to peanuts",
        "how is the weather today",
        "i lost my umbrella in your restaurant yesterday",
        "do you accept credit cards",
        "i am looking for a birthday present for my mother",
    ];
    for model in [LISTEN_MODEL, LISTEN_OPEN_MODEL] {
        let (mut wrong, mut all) = (0, 0);
        for sentence in sentences {
            let text = heard(&speech, &spoken(&speech, sentence, Voice::Rms).await, model).await;
            println!("{model}: {sentence} -> {text}");
            let said: Vec<&str> = sentence.split(' ').collect();
            wrong += edits(&said, &text.split(' ').collect::<Vec<_>>());
            all += said.len();
        }
        println!("{model}: {wrong} of {all} words wrong");
        assert!(wrong * 3 < all, "{model}: {wrong} of {all} words wrong");
    }
}

#[tokio::test]
async fn the_reply_says_how_long_the_sound_was() {
    let speech = speech().await;
    let sound = spoken(&speech, "yes please", Voice::Rms).await;
    let reply = transcribe(&speech, &sound, LISTEN_MODEL).await;
    assert_eq!(reply["text"], "yes please");
    assert_eq!(reply["usage"]["type"], "duration");
    let seconds = reply["usage"]["seconds"].as_f64().unwrap();
    assert!(
        (seconds - sound.len() as f64 / 8000.0).abs() < 0.01,
        "{seconds}"
    );
}

/// The recognisers that this very process has started.
fn recognisers() -> Vec<rustix::process::Pid> {
    let script = root().join("infra/local/speech/recogniser.py");
    let mine = std::process::id().to_string();
    let mut found = Vec::new();
    for entry in std::fs::read_dir("/proc").unwrap().flatten() {
        let read =
            |file: &str| std::fs::read_to_string(entry.path().join(file)).unwrap_or_default();
        let is_mine = read("stat")
            .rsplit(") ")
            .next()
            .is_some_and(|rest| rest.split(' ').nth(1) == Some(&mine));
        if is_mine && read("cmdline").contains(script.to_str().unwrap()) {
            let pid = entry.file_name().to_str().unwrap().parse().unwrap();
            found.push(rustix::process::Pid::from_raw(pid).unwrap());
        }
    }
    found
}

#[tokio::test]
async fn a_recogniser_that_dies_is_replaced() {
    let speech = speech().await;
    let sound = spoken(&speech, "good evening", Voice::Rms).await;
    assert_eq!(heard(&speech, &sound, LISTEN_MODEL).await, "good evening");
    // They start with the first sound that they are needed for.
    let recognisers = recognisers();
    assert!(!recognisers.is_empty());
    for pid in recognisers {
        rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
    }
    // Others than before: what was heard already is no work for anybody.
    for words in ["yes please", "for four people", "tomorrow"] {
        let sound = spoken(&speech, words, Voice::Rms).await;
        assert_eq!(heard(&speech, &sound, LISTEN_MODEL).await, words);
    }
}

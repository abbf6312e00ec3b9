//! What is filled into the sentences by chance.

use tests::random::Random;

const NUMBERS: [&str; 7] = ["two", "three", "four", "five", "six", "seven", "eight"];
const DIGITS: [&str; 10] = [
    "oh", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine",
];
const NAMES: [&str; 8] = [
    "Carter", "Baker", "Morgan", "Peters", "Hughes", "Novak", "Silva", "Lindgren",
];
const DAYS: [&str; 7] = [
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
];
const TIMES: [&str; 6] = [
    "seven",
    "half past six",
    "eight o'clock",
    "a quarter to nine",
    "noon",
    "seven thirty",
];
const DATES: [&str; 6] = [
    "third of May",
    "twenty first of June",
    "fifth of December",
    "first of March",
    "twelfth of October",
    "thirtieth of January",
];
const STREETS: [&str; 5] = [
    "Mill Road",
    "Church Lane",
    "Park Avenue",
    "Station Street",
    "Garden Way",
];
const TOWNS: [&str; 5] = ["Denver", "Leeds", "Boston", "Austin", "Dover"];
const TENS: [&str; 5] = [
    "sixty four",
    "seventy one",
    "eighty five",
    "ninety",
    "fifty nine",
];
const MAILS: [&str; 4] = [
    "anna # dot # carter # at # gmail dot com",
    "info at # green # minus # garden dot org",
    "j # dot # novak # at # web dot net",
    "peters seventy one # at # mail dot com",
];

/// Fills in every `{…}`.
pub(crate) fn fill(line: &str, random: &mut Random) -> String {
    let mut text = String::new();
    let mut rest = line;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, tail) = after.split_once('}').expect("a closed brace");
        text.push_str(before);
        text.push_str(&filled(name, random));
        rest = tail;
    }
    text.push_str(rest);
    text
}

fn filled(name: &str, random: &mut Random) -> String {
    match name {
        "n" | "m" => (*random.pick(&NUMBERS)).to_owned(),
        "name" => (*random.pick(&NAMES)).to_owned(),
        "day" => (*random.pick(&DAYS)).to_owned(),
        "time" => (*random.pick(&TIMES)).to_owned(),
        "date" => (*random.pick(&DATES)).to_owned(),
        "street" => (*random.pick(&STREETS)).to_owned(),
        "town" => (*random.pick(&TOWNS)).to_owned(),
        "tens" => (*random.pick(&TENS)).to_owned(),
        "mail" => (*random.pick(&MAILS)).to_owned(),
        "letter" => letter(random).to_string(),
        "number" => digits(random, 2),
        "digits" => digits(random, 4),
        "phone" => phone(random),
        "spelled" => {
            let name = *random.pick(&NAMES);
            let letters: Vec<String> = name.chars().map(|c| c.to_uppercase().collect()).collect();
            let (head, tail) = letters.split_at(letters.len().min(3));
            format!("{} # {}", head.join(" "), tail.join(" "))
        }
        _ => unreachable!("{{{name}}} is not known"),
    }
}

fn letter(random: &mut Random) -> char {
    char::from(b'A' + u8::try_from(random.between(0, 25)).unwrap_or(0))
}

fn digits(random: &mut Random, count: u64) -> String {
    let digits: Vec<&str> = (0..count).map(|_| *random.pick(&DIGITS)).collect();
    digits.join(" ")
}

/// Seven, ten or eleven digits, in the groups that people make.
fn phone(random: &mut Random) -> String {
    let groups: &[u64] = match random.between(0, 9) {
        0..=4 => &[3, 3, 4],
        5 | 6 => &[3, 4],
        7 => &[2, 2, 2, 2, 2],
        8 => &[3, 3, 2, 2],
        _ => &[5, 3, 3],
    };
    let groups: Vec<String> = groups.iter().map(|count| digits(random, *count)).collect();
    groups.join(" # ")
}

//! The API against its own description: the description is `OpenAPI` 3.1, and whatever a machine makes up from it, good or bad,
//! gets an answer that the description has, and that is none of ours to blame.

use std::path::PathBuf;
use std::process::Output;

use e2e::{World, root};
use tokio::process::Command;

/// What a machine makes up cannot be judged by the schemas alone: they do not say which bots there are.
const UNTOLD: &str = "positive_data_acceptance,negative_data_rejection";

fn program(name: &str) -> PathBuf {
    root().join(".tools/venv-api/bin").join(name)
}

fn told(output: &Output) -> String {
    let text = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
    String::from_utf8_lossy(&text).into_owned()
}

async fn ran(command: &mut Command) -> Output {
    let output = command.kill_on_drop(true).output().await;
    output.expect("infra/setup/setup.sh installs it")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_description_is_openapi_and_answers_to_what_is_made_up_of_it_are_as_described() {
    let world = World::start().await;
    let url = world
        .urls()
        .get("calls")
        .map(|url| format!("{url}/openapi.json"))
        .expect("the API's URL");
    let key = &world.platform.credentials.operator_key;

    let file = world.folder().join("openapi.json");
    let document = reqwest::get(&url).await.expect("an answer");
    let document = document.bytes().await.expect("a description");
    std::fs::write(&file, &document).expect("a file");
    let mut validator = Command::new(program("openapi-spec-validator"));
    let valid = ran(validator.args(["--schema", "3.1"]).arg(&file)).await;
    assert!(valid.status.success(), "{}", told(&valid));

    let mut tester = Command::new(program("schemathesis"));
    tester
        .args(["run", &url, "--checks", "all", "--exclude-checks", UNTOLD])
        .args(["--header", &format!("Authorization: Bearer {key}")])
        // The same requests at every run.
        .args(["--generation-deterministic", "--max-examples", "5"])
        // Several workers parse Python at once, at which the interpreter now and then gives up (a SystemError of `ast`).
        .args(["--workers", "1", "--request-timeout", "20"])
        .args(["--warnings", "off", "--no-color"])
        .current_dir(world.folder());
    let tried = ran(&mut tester).await;
    assert!(tried.status.success(), "{}", told(&tried));
}

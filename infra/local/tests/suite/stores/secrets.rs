use aws_sdk_secretsmanager::error::ProvideErrorMetadata as _;
use local::secrets::Secrets;
use local::storage::{ACCESS_KEY, SECRET_KEY};

use super::http;

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_is_found_by_its_arn_and_by_its_name() {
    let arn = "arn:aws:secretsmanager:us-east-1:000000000000:secret:callbox/dev-AbCdEf";
    let secrets = Secrets::start(
        [(arn.to_owned(), "{\"key\":\"value\"}".to_owned())].into(),
        0,
    )
    .await
    .unwrap();
    let config = aws_sdk_secretsmanager::Config::builder()
        .behavior_version(aws_sdk_secretsmanager::config::BehaviorVersion::latest())
        .region(aws_sdk_secretsmanager::config::Region::new("us-east-1"))
        .credentials_provider(aws_sdk_secretsmanager::config::Credentials::new(
            ACCESS_KEY, SECRET_KEY, None, None, "local",
        ))
        .http_client(http())
        .endpoint_url(secrets.url())
        .build();
    let client = aws_sdk_secretsmanager::Client::from_conf(config);
    for id in [arn, "callbox/dev"] {
        let found = client
            .get_secret_value()
            .secret_id(id)
            .send()
            .await
            .unwrap();
        assert_eq!(
            (found.secret_string(), found.name()),
            (Some("{\"key\":\"value\"}"), Some("callbox/dev"))
        );
    }
    let missing = client
        .get_secret_value()
        .secret_id("elsewhere")
        .send()
        .await
        .unwrap_err();
    assert_eq!(
        missing.into_service_error().code(),
        Some("ResourceNotFoundException")
    );
}

use super::*;

const TEMPLATE: &str = r#"
Parameters:
  EdgeUrl: {Type: String}
  Stage: {Type: String, Default: dev}
  Concurrency: {Type: Number, Default: 0}
Conditions:
  IsProd: !Equals [!Ref Stage, prod]
  HasConcurrency: !Not [!Equals [!Ref Concurrency, 0]]
Globals:
  Function:
    Timeout: 10
    MemorySize: 256
    Environment:
      Variables:
        EDGE_URL: !Ref EdgeUrl
        SECRET_ARN: !Ref Secrets
        STAGE: global
Resources:
  VoiceFunction:
    Type: AWS::Serverless::Function
    Metadata:
      BuildMethod: rust-cargolambda
      BuildProperties: {Binary: voice}
    Properties:
      MemorySize: 512
      ReservedConcurrentExecutions: !If [HasConcurrency, !Ref Concurrency, !Ref AWS::NoValue]
      FunctionUrlConfig: {AuthType: NONE}
      Environment:
        Variables:
          STATUS_URL: !GetAtt StatusFunctionUrl.FunctionUrl
          RECORDS_URL: !Sub "${StatusFunctionUrl.FunctionUrl}records"
          CALLS_TABLE: !Ref CallsTable
          STAGE: !If [IsProd, production, !Sub "${Stage}-${!literal}"]
          EMPTY: !If [IsProd, x, !Ref AWS::NoValue]
  StatusFunction:
    Type: AWS::Serverless::Function
    Properties:
      FunctionUrlConfig: {AuthType: NONE}
      Environment:
        Variables:
          TABLE_ARN: !GetAtt CallsTable.Arn
          BUCKET: !Ref Media
  Secrets:
    Type: AWS::SecretsManager::Secret
    Properties: {Name: !Sub "callbox/${Stage}"}
  Media: {Type: AWS::S3::Bucket}
  CallsTable:
    Type: AWS::DynamoDB::Table
    Properties:
      TableName: !Sub "${AWS::StackName}-calls"
      BillingMode: PAY_PER_REQUEST
      KeySchema: [{AttributeName: pk, KeyType: HASH}]
      AttributeDefinitions: [{AttributeName: pk, AttributeType: S}]
      TimeToLiveSpecification: {AttributeName: ttl, Enabled: true}
      PointInTimeRecoverySpecification: {PointInTimeRecoveryEnabled: !If [IsProd, true, false]}
"#;

fn scope() -> Scope {
    Scope {
        parameters: [("EdgeUrl".to_owned(), "http://127.0.0.1:8787".to_owned())].into(),
        urls: [(
            "StatusFunction".to_owned(),
            "http://127.0.0.1:9002/".to_owned(),
        )]
        .into(),
    }
}

#[test]
fn a_function_sees_the_variables_that_the_template_gives_it() {
    let voice = Template::parse(TEMPLATE)
        .unwrap()
        .function("VoiceFunction", &scope())
        .unwrap();
    let expected = [
        ("CALLS_TABLE", "callbox-local-calls"),
        ("EDGE_URL", "http://127.0.0.1:8787"),
        ("RECORDS_URL", "http://127.0.0.1:9002/records"),
        (
            "SECRET_ARN",
            "arn:aws:secretsmanager:us-east-1:000000000000:secret:callbox/dev-AbCdEf",
        ),
        ("STAGE", "dev-${literal}"),
        ("STATUS_URL", "http://127.0.0.1:9002/"),
    ];
    let expected = expected
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
    assert_eq!(voice.environment, expected);
    assert_eq!(
        (voice.binary.as_str(), voice.memory_mb, voice.timeout),
        ("voice", 512, Duration::from_secs(10))
    );
    assert_eq!(voice.concurrency_max, None);
}

#[test]
fn a_function_without_build_properties_is_named_after_its_logical_id() {
    let template = Template::parse(TEMPLATE).unwrap();
    let names: Vec<_> = template
        .functions()
        .into_iter()
        .map(|function| (function.binary, function.has_url))
        .collect();
    assert_eq!(
        names,
        [
            ("StatusFunction".to_owned(), true),
            ("voice".to_owned(), true)
        ]
    );
}

#[test]
fn tables_become_create_table_requests() {
    let tables = Template::parse(TEMPLATE).unwrap().tables(&scope()).unwrap();
    let table = &tables[0];
    assert_eq!(
        (table.name.as_str(), table.ttl_attribute.as_deref()),
        ("callbox-local-calls", Some("ttl"))
    );
    assert_eq!(table.create["KeySchema"][0]["AttributeName"], "pk");
    assert_eq!(table.create.get("PointInTimeRecoverySpecification"), None);
}

#[test]
fn what_cannot_be_resolved_is_named_with_its_place() {
    let missing = Template::parse(TEMPLATE)
        .unwrap()
        .function("VoiceFunction", &Scope::default())
        .unwrap_err();
    assert_eq!(
        missing.to_string(),
        "template.yaml, VoiceFunction environment variable EDGE_URL: parameter EdgeUrl has no default and none was given"
    );
    let dangling = TEMPLATE.replace("!Ref CallsTable", "!Ref Elsewhere");
    let dangling = Template::parse(&dangling)
        .unwrap()
        .function("VoiceFunction", &scope())
        .unwrap_err();
    assert!(
        dangling
            .to_string()
            .ends_with("!Ref Elsewhere names neither a parameter nor a resource"),
        "{dangling}"
    );
}

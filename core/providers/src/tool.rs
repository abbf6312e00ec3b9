//! What a language model may do besides talking, and how that is told to it.

use serde_json::{Value, json};

use crate::Options;

/// What a language model may do besides talking.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Tool {
    /// End the call.
    EndCall,
    /// Hand the caller over. Several of them: the model chooses.
    Transfer {
        /// Number or address. The model can name no other.
        to: String,
        /// When to do it, in words for the model; may be empty.
        when: String,
    },
    /// Press keys towards the far end.
    SendKeys,
    /// Have something done, and be told what came of it: becomes a
    /// [`ToolCall::Custom`](call::ToolCall::Custom).
    Custom {
        /// 1 to 64 characters of `a-z`, `A-Z`, `0-9`, `_` and `-`: what every provider takes. Not one of `end_call`,
        /// `transfer_call` and `send_keys`, which would come first.
        name: String,
        /// What it does and when to use it, in words for the model.
        description: String,
        /// JSON schema of the arguments, an object's; empty: there are none.
        schema: Options,
    },
}

/// A tool as every provider knows it: a function.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Function {
    pub(crate) name: String,
    pub(crate) description: String,
    /// JSON schema of its one argument, an object.
    pub(crate) parameters: Value,
}

/// The tools as functions.
pub(crate) fn functions(tools: &[Tool]) -> Vec<Function> {
    let mut functions = Vec::new();
    if tools.contains(&Tool::EndCall) {
        functions.push(function(
            "end_call",
            "Ends the phone call. Say goodbye in the same reply.",
            &json!({}),
            &[],
        ));
    }
    let targets: Vec<(&str, &str)> = targets(tools).collect();
    if !targets.is_empty() {
        let what = "Connects the caller with a person and leaves the call.".to_owned();
        let whens = targets.iter().filter(|(_, when)| !when.is_empty());
        let lines: Vec<String> = std::iter::once(what)
            .chain(whens.map(|(to, when)| format!("{to}: {when}")))
            .collect();
        let description = lines.join("\n");
        let numbers: Vec<&str> = targets.iter().map(|(to, _)| *to).collect();
        let to = json!({"to": {"type": "string", "enum": numbers, "description": "Whom to call."}});
        functions.push(function("transfer_call", &description, &to, &["to"]));
    }
    if tools.contains(&Tool::SendKeys) {
        let keys = json!({"keys": {
            "type": "string",
            "description": "0-9, * and #, in order; w waits half a second.",
        }});
        functions.push(function(
            "send_keys",
            "Presses keys of the phone, to get through the menu of an automatic system.",
            &keys,
            &["keys"],
        ));
    }
    for tool in tools {
        if let Tool::Custom {
            name,
            description,
            schema,
        } = tool
        {
            let none = || json!({"type": "object", "properties": {}});
            functions.push(Function {
                name: name.clone(),
                description: description.clone(),
                parameters: if schema.is_empty() {
                    none()
                } else {
                    Value::Object(schema.clone())
                },
            });
        }
    }
    functions
}

/// The `tools` member in OpenAI's shape, if there are tools.
pub(crate) fn offered(tools: &[Tool]) -> Option<Value> {
    let functions: Vec<Value> = functions(tools)
        .into_iter()
        .map(|function| {
            json!({
                "type": "function",
                "function": {
                    "name": function.name,
                    "description": function.description,
                    "parameters": function.parameters,
                },
            })
        })
        .collect();
    (!functions.is_empty()).then_some(Value::Array(functions))
}

fn function(name: &str, description: &str, properties: &Value, required: &[&str]) -> Function {
    Function {
        name: name.to_owned(),
        description: description.to_owned(),
        parameters: json!({
            "type": "object",
            "properties": properties,
            "required": required,
            "additionalProperties": false,
        }),
    }
}

/// Whom a caller may be handed to, and when.
pub(crate) fn targets(tools: &[Tool]) -> impl Iterator<Item = (&str, &str)> {
    tools.iter().filter_map(|tool| match tool {
        Tool::Transfer { to, when } => Some((to.as_str(), when.as_str())),
        Tool::EndCall | Tool::SendKeys | Tool::Custom { .. } => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_tools_nothing_is_offered() {
        assert_eq!(offered(&[]), None);
    }

    #[test]
    fn each_tool_is_one_function_and_transfer_names_its_targets() {
        let transfer = |to: &str, when: &str| Tool::Transfer {
            to: to.to_owned(),
            when: when.to_owned(),
        };
        let tools = [
            Tool::SendKeys,
            transfer("+15550100", "The caller asks for the kitchen."),
            transfer("+15550101", ""),
            Tool::EndCall,
        ];
        let functions = functions(&tools);
        let names: Vec<&str> = functions.iter().map(|f| f.name.as_str()).collect();
        assert_eq!(names, ["end_call", "transfer_call", "send_keys"]);
        let transfer = &functions[1];
        assert_eq!(
            transfer.parameters["properties"]["to"]["enum"],
            json!(["+15550100", "+15550101"])
        );
        assert!(
            transfer
                .description
                .ends_with("\n+15550100: The caller asks for the kitchen.")
        );
    }

    #[test]
    fn a_custom_tool_is_offered_with_its_own_schema() {
        let schema = json!({"type": "object", "properties": {"sku": {"type": "integer"}}});
        let tool = |schema: &Value| Tool::Custom {
            name: "stock".to_owned(),
            description: "How many there are.".to_owned(),
            schema: schema.as_object().cloned().unwrap_or_default(),
        };
        let expected = json!([{"type": "function", "function": {
            "name": "stock", "description": "How many there are.", "parameters": schema,
        }}]);
        assert_eq!(offered(&[tool(&schema)]), Some(expected));
        let none = json!({"type": "object", "properties": {}});
        assert_eq!(functions(&[tool(&Value::Null)])[0].parameters, none);
    }
}

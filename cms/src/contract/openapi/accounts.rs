//! Users, sessions and roles.

use actix_web::http::Method;
use serde_json::{Map, Value, json};

use super::answer::Refusal;
use super::operation::Operation;
use super::reference;

const SESSIONS: &str = "Sign-in";
const USERS: &str = "Users";
const ROLES: &str = "Roles";

pub(super) fn operations() -> Vec<Operation> {
    let mut all = passwords();
    all.extend(sessions());
    all.extend(users());
    all.extend(roles());
    all
}

fn object(required: &[&str], properties: Value) -> Value {
    json!({ "type": "object", "required": required, "properties": properties })
}

fn texts(names: &[&str]) -> Value {
    let text = json!({ "type": "string" });
    let properties: Map<String, Value> =
        names.iter().map(|name| ((*name).to_owned(), text.clone())).collect();
    object(names, Value::Object(properties))
}

fn on_auth(method: Method, path: &str, action: &str, summary: &str) -> Operation {
    let id = format!("auth_{action}");
    Operation::new(method, &format!("/api/auth/{path}"), SESSIONS, &id, summary)
        .needs(format!("plugin::users-permissions.auth.{action}"))
        .refuses(&[Refusal::Bad])
}

fn passwords() -> Vec<Operation> {
    let post = |path: &str, action: &str, summary: &str, body: &[&str]| {
        on_auth(Method::POST, path, action, summary).body(&texts(body)).refuses(&[Refusal::TooMany])
    };
    let session = reference("Session");
    let sent = texts(&["email"]);
    vec![
        post("local", "callback", "Signs in", &["identifier", "password"]).answers(
            200,
            "The user and a session",
            &session,
        ),
        post("local/register", "register", "Makes an account", &["username", "email", "password"])
            .answers(200, "The user and a session", &session),
        post(
            "change-password",
            "changePassword",
            "Changes the caller's password",
            &["currentPassword", "password", "passwordConfirmation"],
        )
        .answers(200, "The user and a new session", &session),
        post(
            "forgot-password",
            "forgotPassword",
            "Asks for a code to set a new password",
            &["email"],
        )
        .answers(200, "Whether or not there is such an account", &reference("Done")),
        post(
            "reset-password",
            "resetPassword",
            "Sets a password with a code",
            &["code", "password", "passwordConfirmation"],
        )
        .answers(200, "The user and a session", &session),
        post(
            "send-email-confirmation",
            "sendEmailConfirmation",
            "Asks for another message to confirm an address",
            &["email"],
        )
        .answers(200, "Sent", &sent),
        on_auth(Method::GET, "email-confirmation", "emailConfirmation", "Confirms an address")
            .takes([json!({
                "name": "confirmation", "in": "query", "required": true,
                "schema": { "type": "string" },
            })])
            .answers_bare(302, "Confirmed")
            .refuses(&[Refusal::TooMany]),
    ]
}

fn sessions() -> Vec<Operation> {
    let device = json!({ "type": "string", "description": "The name the client gives its device" });
    let refresh = object(&[], json!({ "refreshToken": { "type": "string" } }));
    let logout = object(
        &[],
        json!({
            "refreshToken": { "type": "string" }, "deviceId": device, "scope": { "enum": ["all"] },
        }),
    );
    let tokens = object(
        &["jwt"],
        json!({ "jwt": { "type": "string" }, "refreshToken": { "type": "string" } }),
    );
    let list =
        object(&["data"], json!({ "data": { "type": "array", "items": { "type": "object" } } }));
    let gone = object(&["data"], json!({ "data": { "type": "object" } }));
    let connect = |path: &str, id: &str, action: &str, summary: &str| {
        Operation::new(Method::GET, path, SESSIONS, id, summary)
            .needs(format!("plugin::users-permissions.auth.{action}"))
            .answers_bare(302, "On to the other site")
            .refuses(&[Refusal::Bad, Refusal::NotFound])
    };
    vec![
        on_auth(Method::POST, "refresh", "refresh", "Trades a refresh token for its successor")
            .body(&refresh)
            .answers(200, "Tokens", &tokens),
        on_auth(Method::POST, "logout", "logout", "Ends sessions").body(&logout).answers(
            200,
            "They are over",
            &reference("Done"),
        ),
        on_auth(Method::GET, "sessions", "getSessions", "Lists the caller's sessions").answers(
            200,
            "Every device",
            &list,
        ),
        on_auth(Method::DELETE, "sessions/{sessionId}", "revokeSession", "Ends a session")
            .answers(200, "It is over", &gone)
            .refuses(&[Refusal::NotFound]),
        connect(
            "/api/connect/{provider}",
            "auth_connect",
            "connect",
            "Signs in with another site's account",
        ),
        connect(
            "/api/auth/{provider}/callback",
            "auth_providerCallback",
            "callback",
            "Back from another site",
        ),
    ]
}

fn users() -> Vec<Operation> {
    let user = reference("UsersPermissionsUser");
    let on = |method, path: &str, action: &str, summary: &str| {
        let path = format!("/api/users{path}");
        Operation::new(method, &path, USERS, &format!("users_{action}"), summary)
            .needs(format!("plugin::users-permissions.user.{action}"))
            .refuses(&[Refusal::Bad])
    };
    let write = json!({
        "type": "object",
        "properties": {
            "username": { "type": "string", "minLength": 3 },
            "email": { "type": "string", "format": "email", "minLength": 6 },
            "password": { "type": "string", "minLength": 6 },
            "role": reference("Links"),
            "confirmed": { "type": "boolean" },
            "blocked": { "type": "boolean" },
            "provider": { "type": "string" },
        },
    });
    let made =
        json!({ "allOf": [write, { "required": ["username", "email", "password", "role"] }] });
    let nobody = "There is no such user";
    vec![
        on(Method::GET, "", "find", "Lists users")
            .answers(200, "All of them", &json!({ "type": "array", "items": user }))
            .tagged(),
        on(Method::POST, "", "create", "Makes a user").body(&made).answers(201, "The user", &user),
        on(Method::GET, "/count", "count", "Counts users")
            .answers(200, "How many", &json!({ "type": "integer" }))
            .tagged(),
        on(Method::GET, "/me", "me", "Shows the caller")
            .answers(200, "The user", &user)
            .answers_bare(204, nobody)
            .tagged(),
        on(Method::GET, "/{id}", "findOne", "Shows a user")
            .answers(200, "The user", &user)
            .answers_bare(204, nobody)
            .tagged(),
        on(Method::PUT, "/{id}", "update", "Changes a user")
            .body(&write)
            .answers(200, "The user as it is now", &user)
            .refuses(&[Refusal::NotFound]),
        on(Method::DELETE, "/{id}", "destroy", "Deletes a user")
            .answers(200, "The user who is gone", &user)
            .answers_bare(204, nobody)
            .refuses(&[Refusal::NotFound]),
    ]
}

fn roles() -> Vec<Operation> {
    let on = |method, path: &str, action: &str, summary: &str| {
        let path = format!("/api/users-permissions/{path}");
        let id = format!("roles_{}", action.rsplit('.').next().unwrap_or_default());
        Operation::new(method, &path, ROLES, &id, summary)
            .needs(format!("plugin::users-permissions.{action}"))
    };
    let role = reference("UsersPermissionsRole");
    let write = object(
        &[],
        json!({
            "name": { "type": "string" },
            "description": { "type": "string" },
            "type": { "type": "string" },
            "permissions": { "type": "object", "description": "By plugin, controller and action: `{enabled}`" },
        }),
    );
    let done = reference("Done");
    let list = object(&["roles"], json!({ "roles": { "type": "array", "items": role } }));
    let permissions = object(&["permissions"], json!({ "permissions": { "type": "object" } }));
    let refusals = [Refusal::Bad, Refusal::NotFound];
    vec![
        on(Method::GET, "permissions", "permissions.getPermissions", "Lists what can be allowed")
            .answers(200, "By plugin, controller and action", &permissions),
        on(Method::GET, "roles", "role.find", "Lists roles").answers(200, "All of them", &list),
        on(Method::POST, "roles", "role.createRole", "Makes a role")
            .body(&write)
            .answers(200, "Made", &done),
        on(Method::GET, "roles/{id}", "role.findOne", "Shows a role and what it may do")
            .answers(200, "The role", &object(&["role"], json!({ "role": role })))
            .refuses(&refusals),
        on(Method::PUT, "roles/{id}", "role.updateRole", "Changes a role")
            .body(&write)
            .answers(200, "Changed", &done)
            .refuses(&refusals),
        on(Method::DELETE, "roles/{id}", "role.deleteRole", "Deletes a role")
            .answers(200, "Its users have the public role now", &done)
            .refuses(&refusals),
    ]
}

pub(super) fn schemas() -> Map<String, Value> {
    let session = object(
        &["jwt"],
        json!({
            "jwt": { "type": "string", "description": "The access token" },
            "refreshToken": { "type": "string" },
            "user": reference("UsersPermissionsUser"),
        }),
    );
    Map::from_iter([("Session".to_owned(), session)])
}

//! Accounts and files: types and fields that are written out, as in Strapi's plugins.

use indexmap::IndexMap;
use serde_json::json;

use super::super::schema::{Account, Field, InputValue, Role, Root, TypeKind, TypeRef};
use super::Describer;

type Fields = IndexMap<String, Field>;

fn ty(text: &str) -> TypeRef {
    match text.strip_suffix('!') {
        Some(name) => TypeRef::named(name).required(),
        None => TypeRef::named(text),
    }
}

fn member(text: &str) -> Field {
    Field::new(ty(text), Role::Member)
}

impl Describer<'_> {
    pub(super) fn accounts(&mut self) {
        self.plain(
            "UsersPermissionsMe",
            [
                ("id", member("ID!")),
                ("documentId", member("ID!")),
                ("username", member("String!")),
                ("email", member("String")),
                ("confirmed", member("Boolean")),
                ("blocked", member("Boolean")),
                ("role", member("UsersPermissionsMeRole")),
            ],
        );
        self.plain(
            "UsersPermissionsMeRole",
            [
                ("id", member("ID!")),
                ("name", member("String!")),
                ("description", member("String")),
                ("type", member("String")),
            ],
        );
        let payload = [("jwt", member("String")), ("user", member("UsersPermissionsMe!"))];
        self.plain("UsersPermissionsLoginPayload", payload);
        for name in ["Password", "CreateRole", "UpdateRole", "DeleteRole"] {
            let name = format!("UsersPermissions{name}Payload");
            self.plain(&name, [("ok", member("Boolean!"))]);
        }
        let data = member("UsersPermissionsUser");
        self.plain("UsersPermissionsUserEntityResponse", [("data", data)]);
        self.account_inputs();
    }

    fn account_inputs(&mut self) {
        let provider =
            InputValue { default: Some(json!("local")), ..InputValue::new(ty("String!")) };
        let text = || InputValue::new(ty("String!"));
        let mut add = |name: &str, fields: Vec<(&str, InputValue)>| {
            let fields = fields.into_iter().map(|(name, field)| (name.to_owned(), field));
            self.types.add(name, TypeKind::Input(fields.collect()));
        };
        add(
            "UsersPermissionsLoginInput",
            vec![("identifier", text()), ("password", text()), ("provider", provider)],
        );
        add(
            "UsersPermissionsRegisterInput",
            vec![("username", text()), ("email", text()), ("password", text())],
        );
        let word = || InputValue::new(ty("String"));
        add(
            "FileInfoInput",
            vec![("name", word()), ("alternativeText", word()), ("caption", word())],
        );
    }

    pub(super) fn account_roots(&self, queries: &mut Fields, mutations: &mut Fields) {
        queries.insert("me".into(), root("UsersPermissionsMe", Account::Me));
        for (name, field, description) in account_mutations() {
            mutations.insert(name.into(), Field { description, ..field });
        }
    }
}

fn root(shown: &str, account: Account) -> Field {
    Field::new(ty(shown), Role::Root(Root::Account(account)))
}

type Described = (&'static str, Field, Option<&'static str>);

fn account_mutations() -> Vec<Described> {
    use Account as A;
    let login = "UsersPermissionsLoginPayload";
    let user = "UsersPermissionsUserEntityResponse!";
    let (id, text) = (|| ty("ID!"), || ty("String!"));
    let data = |of: &str| ty(&format!("UsersPermissions{of}Input!"));
    let input = |of: &str| ty(&format!("UsersPermissions{of}Input!"));
    vec![
        (
            "updateUploadFile",
            root("UploadFile!", A::UpdateFile).with("id", id()).with("info", ty("FileInfoInput")),
            None,
        ),
        ("deleteUploadFile", root("UploadFile", A::DeleteFile).with("id", id()), None),
        (
            "createUsersPermissionsRole",
            root("UsersPermissionsCreateRolePayload", A::CreateRole).with("data", data("Role")),
            Some("Create a new role"),
        ),
        (
            "updateUsersPermissionsRole",
            root("UsersPermissionsUpdateRolePayload", A::UpdateRole)
                .with("id", id())
                .with("data", data("Role")),
            Some("Update an existing role"),
        ),
        (
            "deleteUsersPermissionsRole",
            root("UsersPermissionsDeleteRolePayload", A::DeleteRole).with("id", id()),
            Some("Delete an existing role"),
        ),
        (
            "createUsersPermissionsUser",
            root(user, A::CreateUser).with("data", data("User")),
            Some("Create a new user"),
        ),
        (
            "updateUsersPermissionsUser",
            root(user, A::UpdateUser).with("id", id()).with("data", data("User")),
            Some("Update an existing user"),
        ),
        (
            "deleteUsersPermissionsUser",
            root(user, A::DeleteUser).with("id", id()),
            Some("Delete an existing user"),
        ),
        ("login", root(&format!("{login}!"), A::Login).with("input", input("Login")), None),
        (
            "register",
            root(&format!("{login}!"), A::Register).with("input", input("Register")),
            Some("Register a user"),
        ),
        (
            "forgotPassword",
            root("UsersPermissionsPasswordPayload", A::ForgotPassword).with("email", text()),
            Some("Request a reset password token"),
        ),
        (
            "resetPassword",
            root(login, A::ResetPassword)
                .with("password", text())
                .with("passwordConfirmation", text())
                .with("code", text()),
            Some("Reset user password. Confirm with a code (resetToken from forgotPassword)"),
        ),
        (
            "changePassword",
            root(login, A::ChangePassword)
                .with("currentPassword", text())
                .with("password", text())
                .with("passwordConfirmation", text()),
            Some("Change user password. Confirm with the current password."),
        ),
        (
            "emailConfirmation",
            root(login, A::EmailConfirmation).with("confirmation", text()),
            Some("Confirm an email users email address"),
        ),
    ]
}

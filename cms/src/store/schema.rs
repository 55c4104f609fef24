//! Table definitions for the query builder; the same on both databases.
//!
//! SQLite's INTEGER PRIMARY KEY is 64 bits wide, hence `BigInt` ids everywhere.

diesel::table! {
    documents (id) {
        id -> BigInt,
        number -> BigInt,
        document_id -> Text,
        uid -> Text,
        locale -> Text,
        status -> Text,
        data -> crate::store::json::JsonText,
        version -> BigInt,
        created_at -> BigInt,
        updated_at -> BigInt,
        published_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    links (id) {
        id -> BigInt,
        source_id -> BigInt,
        path -> Text,
        component_id -> BigInt,
        position -> Double,
        inverse_position -> Double,
        target_uid -> Text,
        target_document_id -> Text,
        target_locale -> Text,
        target_status -> Text,
    }
}

diesel::table! {
    changes (seq) {
        seq -> BigInt,
        op -> Text,
        uid -> Text,
        document_id -> Text,
        locale -> Text,
        status -> Text,
        at -> BigInt,
    }
}

diesel::table! {
    counters (name) {
        name -> Text,
        value -> BigInt,
    }
}

diesel::table! {
    settings (name) {
        name -> Text,
        value -> Text,
    }
}

diesel::table! {
    locales (id) {
        id -> BigInt,
        code -> Text,
        name -> Text,
        is_default -> Bool,
        created_at -> BigInt,
    }
}

diesel::table! {
    jobs (id) {
        id -> BigInt,
        kind -> Text,
        lane -> Text,
        subject -> Text,
        payload -> Text,
        run_at -> BigInt,
        attempts -> Integer,
        locked_until -> BigInt,
        last_error -> Nullable<Text>,
        state -> Text,
        created_at -> BigInt,
        finished_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    attempts (id) {
        id -> BigInt,
        job_id -> BigInt,
        at -> BigInt,
        took -> BigInt,
        result -> Text,
    }
}

diesel::table! {
    webhooks (id) {
        id -> BigInt,
        name -> Text,
        url -> Text,
        events -> Text,
        types -> Text,
        locales -> Text,
        headers -> Text,
        secret -> Text,
        old_secret -> Nullable<Text>,
        old_until -> Nullable<BigInt>,
        dialect -> Text,
        allow_private -> Bool,
        coalesce -> Bool,
        enabled -> Bool,
        created_at -> BigInt,
    }
}

diesel::table! {
    api_tokens (id) {
        id -> BigInt,
        name -> Text,
        kind -> Text,
        permissions -> Text,
        token_hash -> Text,
        created_at -> BigInt,
        expires_at -> Nullable<BigInt>,
        last_used_at -> Nullable<BigInt>,
        revoked_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    permissions (role, action) {
        role -> Text,
        action -> Text,
    }
}

diesel::table! {
    sessions (id) {
        id -> BigInt,
        family -> Text,
        user_id -> BigInt,
        generation -> BigInt,
        token_hash -> Text,
        status -> Text,
        created_at -> BigInt,
        rotated_at -> Nullable<BigInt>,
        idle_expires_at -> BigInt,
        absolute_expires_at -> BigInt,
        device -> Nullable<Text>,
        device_name -> Nullable<Text>,
        login_at -> Nullable<BigInt>,
    }
}

diesel::allow_tables_to_appear_in_same_query!(documents, links, changes);

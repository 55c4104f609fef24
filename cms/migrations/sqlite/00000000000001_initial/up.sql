-- Content: one row per (document, locale, status). Times are Unix milliseconds (UTC).
CREATE TABLE documents (
    id           INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    number       BIGINT  NOT NULL,             -- the id clients see, counted per type and never used twice
    document_id  TEXT    NOT NULL,
    uid          TEXT    NOT NULL,
    locale       TEXT    NOT NULL DEFAULT '',  -- '' on types that are not localized
    status       TEXT    NOT NULL,             -- 'draft' | 'published'; types without drafts only have 'published'
    data         TEXT    NOT NULL,             -- JSON object: scalars, components and zones; relations are in links
    version      BIGINT  NOT NULL,             -- feed position of the change that wrote this row
    created_at   BIGINT  NOT NULL,
    updated_at   BIGINT  NOT NULL,
    published_at BIGINT
);
-- The status comes before the locale so that a question about the rows of one document in a
-- status, whatever their locale, knows more columns of this index than of any other. SQLite
-- has nothing else to choose by and would walk through the whole type.
CREATE UNIQUE INDEX documents_identity ON documents (uid, document_id, status, locale);
CREATE INDEX documents_listing ON documents (uid, status, locale, number);
CREATE UNIQUE INDEX documents_number ON documents (uid, number);
CREATE INDEX documents_by_document_id ON documents (document_id);

-- How many rows a type has per status and locale, and a number that is another one after
-- every change to one of them. Kept by triggers, so that no way of writing can forget it: a
-- list's total and an answer's entity tag come from here. The number is drawn at random: a
-- restored backup cannot come to the number of a different past.
CREATE TABLE tallies (
    uid    TEXT   NOT NULL,
    status TEXT   NOT NULL,
    locale TEXT   NOT NULL,
    total  BIGINT NOT NULL,
    state  BIGINT NOT NULL,
    PRIMARY KEY (uid, status, locale)
) WITHOUT ROWID;
CREATE TRIGGER documents_tally_insert AFTER INSERT ON documents BEGIN
    INSERT INTO tallies (uid, status, locale, total, state)
    VALUES (new.uid, new.status, new.locale, 1, random())
    ON CONFLICT DO UPDATE SET total = total + 1, state = excluded.state;
END;
CREATE TRIGGER documents_tally_delete AFTER DELETE ON documents BEGIN
    UPDATE tallies SET total = total - 1, state = random()
    WHERE uid = old.uid AND status = old.status AND locale = old.locale;
END;
CREATE TRIGGER documents_tally_update AFTER UPDATE ON documents BEGIN
    UPDATE tallies SET state = random()
    WHERE uid = new.uid AND status = new.status AND locale = new.locale;
END;
CREATE TRIGGER documents_tally_move AFTER UPDATE OF uid, status, locale ON documents BEGIN
    UPDATE tallies SET total = total - 1, state = random()
    WHERE uid = old.uid AND status = old.status AND locale = old.locale;
    INSERT INTO tallies (uid, status, locale, total, state)
    VALUES (new.uid, new.status, new.locale, 1, random())
    ON CONFLICT DO UPDATE SET total = total + 1, state = excluded.state;
END;

-- Relations and media. A link belongs to one row (one locale, one status) and names its
-- target by documentId; which row of the target is meant is decided when it is read, unless a
-- client named a row that the source would not have led to.
CREATE TABLE links (
    id                 INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    source_id          BIGINT NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
    path               TEXT   NOT NULL,            -- attribute path: 'author', 'seo.image', 'sections.author'
    component_id       BIGINT NOT NULL DEFAULT 0,  -- id of the embedded component that holds it; 0 at the top
    position           DOUBLE PRECISION NOT NULL,  -- order as the source shows it
    inverse_position   DOUBLE PRECISION NOT NULL,  -- order as the target's inverse side shows it
    target_uid         TEXT   NOT NULL,
    target_document_id TEXT   NOT NULL,
    target_locale      TEXT   NOT NULL DEFAULT '', -- the locale a client named; '': that of the source
    target_status      TEXT   NOT NULL DEFAULT ''  -- 'published' where a draft names a published row; '': as the source
);
-- With the targets: what a page of rows leads to is read from the index alone.
CREATE INDEX links_forward
    ON links (
        source_id, path, component_id, position, target_uid, target_document_id,
        target_locale, target_status
    );
CREATE INDEX links_backward ON links (target_document_id, path, inverse_position);
-- What leads to documents of a type is one more tally of it, with the status 'links'.
CREATE TRIGGER links_tally_insert AFTER INSERT ON links BEGIN
    INSERT INTO tallies (uid, status, locale, total, state)
    VALUES (new.target_uid, 'links', '', 0, random())
    ON CONFLICT DO UPDATE SET state = excluded.state;
END;
CREATE TRIGGER links_tally_delete AFTER DELETE ON links BEGIN
    UPDATE tallies SET state = random()
    WHERE uid = old.target_uid AND status = 'links' AND locale = '';
END;
CREATE TRIGGER links_tally_update AFTER UPDATE ON links BEGIN
    UPDATE tallies SET state = random()
    WHERE uid IN (old.target_uid, new.target_uid) AND status = 'links' AND locale = '';
END;

-- The change feed. Sequence numbers come from counters('feed'), drawn in the writing
-- transaction, so their order is commit order and there are no gaps.
CREATE TABLE changes (
    seq          BIGINT PRIMARY KEY NOT NULL,
    op           TEXT   NOT NULL,              -- 'upsert' | 'delete' | 'schema'
    uid          TEXT   NOT NULL,
    document_id  TEXT   NOT NULL,
    locale       TEXT   NOT NULL,
    status       TEXT   NOT NULL,
    at           BIGINT NOT NULL
);
CREATE INDEX changes_by_document ON changes (uid, document_id, locale, status, seq);

CREATE TABLE counters (
    name  TEXT   PRIMARY KEY NOT NULL,
    value BIGINT NOT NULL
);
INSERT INTO counters (name, value) VALUES ('feed', 0), ('component', 0), ('registry', 0);

CREATE TABLE settings (
    name  TEXT PRIMARY KEY NOT NULL,
    value TEXT NOT NULL
);

CREATE TABLE locales (
    id         INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    code       TEXT    NOT NULL UNIQUE,
    name       TEXT    NOT NULL,
    is_default BOOLEAN NOT NULL,
    created_at BIGINT  NOT NULL
);

-- Durable work, written in the same transaction as its cause.
CREATE TABLE jobs (
    id           INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    kind         TEXT    NOT NULL,
    lane         TEXT    NOT NULL DEFAULT '',  -- jobs of one lane run one after another
    subject      TEXT    NOT NULL DEFAULT '',  -- where only the newest job of a subject matters
    payload      TEXT    NOT NULL,             -- JSON
    run_at       BIGINT  NOT NULL,
    attempts     INTEGER NOT NULL DEFAULT 0,
    locked_until BIGINT  NOT NULL DEFAULT 0,   -- a claim that expires by itself
    last_error   TEXT,
    state        TEXT    NOT NULL,             -- 'pending' | 'done' | 'dead' | 'superseded'
    created_at   BIGINT  NOT NULL,
    finished_at  BIGINT
);
CREATE INDEX jobs_due ON jobs (state, run_at);
CREATE INDEX jobs_by_lane ON jobs (state, lane, id);

-- What came of each time a job was tried.
CREATE TABLE attempts (
    id     INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    job_id BIGINT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    at     BIGINT NOT NULL,
    took   BIGINT NOT NULL,                    -- milliseconds
    result TEXT   NOT NULL
);
CREATE INDEX attempts_by_job ON attempts (job_id, id);

CREATE TABLE webhooks (
    id            INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    name          TEXT    NOT NULL UNIQUE,
    url           TEXT    NOT NULL,
    events        TEXT    NOT NULL,            -- JSON list of event names
    types         TEXT    NOT NULL,            -- JSON list of content types; empty: all
    locales       TEXT    NOT NULL,            -- JSON list of locales; empty: all
    headers       TEXT    NOT NULL,            -- JSON object
    secret        TEXT    NOT NULL,            -- needed to sign, so it cannot be a hash
    old_secret    TEXT,                        -- signs as well, until …
    old_until     BIGINT,
    dialect       TEXT    NOT NULL,            -- 'strapi' | 'standard' | 'thin'
    allow_private BOOLEAN NOT NULL,
    coalesce      BOOLEAN NOT NULL,            -- of what waits about a document, send the newest
    enabled       BOOLEAN NOT NULL,
    created_at    BIGINT  NOT NULL
);

CREATE TABLE api_tokens (
    id           INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    name         TEXT    NOT NULL UNIQUE,
    kind         TEXT    NOT NULL,             -- 'read-only' | 'full-access' | 'custom'
    permissions  TEXT    NOT NULL,             -- JSON list of actions, for 'custom'
    token_hash   TEXT    NOT NULL UNIQUE,
    created_at   BIGINT  NOT NULL,
    expires_at   BIGINT,
    last_used_at BIGINT,
    revoked_at   BIGINT
);

-- What a role may do: 'api::article.article.find'.
CREATE TABLE permissions (
    role   TEXT NOT NULL,                      -- the role's type: 'public', 'authenticated', …
    action TEXT NOT NULL,
    PRIMARY KEY (role, action)
);

-- Refresh tokens; a family is one login on one device.
CREATE TABLE sessions (
    id               INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    family           TEXT    NOT NULL,
    user_id          BIGINT  NOT NULL,         -- documents.id
    generation       BIGINT  NOT NULL,
    token_hash       TEXT    NOT NULL UNIQUE,
    status           TEXT    NOT NULL,         -- 'active' | 'rotated' | 'revoked'
    created_at       BIGINT  NOT NULL,
    rotated_at       BIGINT,
    idle_expires_at  BIGINT  NOT NULL,
    absolute_expires_at BIGINT NOT NULL,
    device           TEXT,                     -- as the client calls itself
    device_name      TEXT,                     -- as a person would call it
    login_at         BIGINT                    -- when somebody typed a password
);
CREATE INDEX sessions_by_family ON sessions (family, generation);
CREATE INDEX sessions_by_user ON sessions (user_id, status);

-- Attempts that count against a limit. Here, so that several servers count together.
CREATE TABLE throttles (
    subject TEXT   PRIMARY KEY NOT NULL,       -- what is limited, and for whom
    full_at INTEGER NOT NULL                     -- when all attempts are given back
);
CREATE INDEX throttles_by_time ON throttles (full_at);

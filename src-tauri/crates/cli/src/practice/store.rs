//! The practice data: customers, expenses and payments in one SQLite file.
//!
//! Several agents may have it open at once, each through a process of its own.

use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};
use std::{path::Path, time::Duration};

pub(super) struct Store {
    connection: Connection,
}

/// A recorded expense; `amount` has the characters it was given in.
pub(super) struct Expense {
    pub(super) id: String,
    pub(super) amount: String,
    pub(super) currency: String,
    pub(super) category: String,
    pub(super) note: Option<String>,
    pub(super) at: String,
}

pub(super) struct Customer {
    pub(super) id: String,
    pub(super) name: String,
}

const TABLES: &str = "
    CREATE TABLE customers (id TEXT PRIMARY KEY, name TEXT NOT NULL) STRICT;
    CREATE TABLE expenses (
        id INTEGER PRIMARY KEY AUTOINCREMENT, amount TEXT NOT NULL, currency TEXT NOT NULL,
        category TEXT NOT NULL, note TEXT, at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))
    ) STRICT;
    CREATE TABLE payments (
        id INTEGER PRIMARY KEY AUTOINCREMENT, amount TEXT NOT NULL, payee TEXT NOT NULL,
        at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))
    ) STRICT;
    INSERT INTO customers VALUES
        ('c-1', 'Aster Bakery'), ('c-2', 'Birch & Sons'), ('c-3', 'Cedar Logistics'), ('c-4', 'Dune Books');
    PRAGMA user_version = 1;
";

impl Store {
    pub(super) fn open(path: &Path) -> rusqlite::Result<Store> {
        let connection = Connection::open(path)?;
        connection.busy_timeout(Duration::from_secs(10))?;
        connection.pragma_update(None, "journal_mode", "wal")?;
        Store::prepare(connection)
    }

    pub(super) fn in_memory() -> rusqlite::Result<Store> {
        Store::prepare(Connection::open_in_memory()?)
    }

    /// Makes the tables once; the immediate transaction keeps two processes from both doing it.
    fn prepare(mut connection: Connection) -> rusqlite::Result<Store> {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let version: i64 = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
        if version == 0 {
            transaction.execute_batch(TABLES)?;
        }
        transaction.commit()?;
        Ok(Store { connection })
    }

    pub(super) fn add_expense(
        &mut self,
        amount: &str,
        currency: &str,
        category: &str,
        note: Option<&str>,
    ) -> rusqlite::Result<Expense> {
        self.connection.query_row(
            "INSERT INTO expenses (amount, currency, category, note) VALUES (?1, ?2, ?3, ?4)
             RETURNING id, amount, currency, category, note, at",
            params![amount, currency, category, note],
            expense,
        )
    }

    pub(super) fn expenses(&self) -> rusqlite::Result<Vec<Expense>> {
        let mut statement = self
            .connection
            .prepare("SELECT id, amount, currency, category, note, at FROM expenses ORDER BY id")?;
        statement.query_map([], expense)?.collect()
    }

    /// The customer that was there; none when there was no such one.
    pub(super) fn delete_customer(&mut self, id: &str) -> rusqlite::Result<Option<Customer>> {
        self.connection
            .query_row("DELETE FROM customers WHERE id = ?1 RETURNING id, name", [id], customer)
            .optional()
    }

    pub(super) fn customers(&self) -> rusqlite::Result<Vec<Customer>> {
        let mut statement = self.connection.prepare("SELECT id, name FROM customers ORDER BY id")?;
        statement.query_map([], customer)?.collect()
    }

    /// Records a payment: its number, and when.
    pub(super) fn add_payment(&mut self, amount: &str, payee: &str) -> rusqlite::Result<(i64, String)> {
        self.connection.query_row(
            "INSERT INTO payments (amount, payee) VALUES (?1, ?2) RETURNING id, at",
            params![amount, payee],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
    }
}

fn expense(row: &rusqlite::Row<'_>) -> rusqlite::Result<Expense> {
    Ok(Expense {
        id: format!("e-{}", row.get::<_, i64>(0)?),
        amount: row.get(1)?,
        currency: row.get(2)?,
        category: row.get(3)?,
        note: row.get(4)?,
        at: row.get(5)?,
    })
}

fn customer(row: &rusqlite::Row<'_>) -> rusqlite::Result<Customer> {
    Ok(Customer { id: row.get(0)?, name: row.get(1)? })
}

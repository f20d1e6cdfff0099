// What DuckDB, a reader and writer that is not ours, says of recordings: check.mjs recorded|minutes|groups|foreign|read-back …, as scripts/check-parquet.sh calls it.
import { readFileSync, writeFileSync } from "node:fs";
import { DuckDBInstance } from "@duckdb/node-api";

const connection = await (await DuckDBInstance.create(":memory:")).connect();
await connection.run("SET TimeZone = 'UTC'");

async function rows(sql) {
	return (await connection.runAndReadAll(sql)).getRowObjectsJson();
}

async function one(sql) {
	return Object.values((await rows(sql))[0])[0];
}

// wants fails the check unless got is what is wanted.
function wants(what, got, want) {
	if (String(got) !== String(want)) throw new Error(`${what}: ${got}, want ${want}`);
}

// As text, so that not one digit is DuckDB's.
const text = (file) => `read_csv('${file}', header = true, all_varchar = true, nullstr = '')`;

// The digits of a DECIMAL(38, 18) that its row says it has; what is cut off are zeros, as the comparison as numbers shows.
const digits = (column, scale) => `rtrim(left(${column}::VARCHAR, length(${column}::VARCHAR) - 18 + ${scale}), '.')`;

const decimals = {
	quotes: { bid_price: "price_scale", bid_size: "size_scale", ask_price: "price_scale", ask_size: "size_scale" },
	trades: { price: "price_scale", size: "size_scale" },
};
const others = { quotes: [], trades: ["aggressor"] };

// recorded compares a recording in Parquet with the text of the same session, both of them files of one kind.
async function recorded(kind, parquet, csv) {
	const names = Object.keys(decimals[kind]);
	const columns = ["ts_event", "ts_recv", "symbol", "sequence", ...names, ...others[kind], "epoch"].join(", ");
	await connection.run(`CREATE TEMP TABLE csv AS SELECT * FROM ${text(csv)}`);
	await connection.run(`CREATE TEMP TABLE parquet AS SELECT * FROM read_parquet('${parquet}', file_row_number = true)`);
	const types = Object.fromEntries((await rows("DESCRIBE parquet")).map((r) => [r.column_name, r.column_type]));
	for (const name of names) wants(`type of ${name}`, types[name], "DECIMAL(38,18)");
	for (const name of ["ts_event", "ts_recv"]) wants(`type of ${name}`, types[name], "TIMESTAMP_NS");
	for (const name of ["sequence", "epoch"]) wants(`type of ${name}`, types[name], "UBIGINT");

	await connection.run(`CREATE TEMP TABLE shown AS SELECT epoch_ns(ts_event)::VARCHAR AS ts_event, epoch_ns(ts_recv)::VARCHAR AS ts_recv, symbol, sequence::VARCHAR AS sequence,
		${names.map((name) => `${digits(name, decimals[kind][name])} AS ${name}`).join(", ")}, ${others[kind].map((name) => name + ",").join("")} epoch::VARCHAR AS epoch FROM parquet`);
	const count = await one("SELECT count(*) FROM csv");
	wants(`rows of ${kind}`, await one("SELECT count(*) FROM parquet"), count);
	for (const [left, right] of [["csv", "shown"], ["shown", "csv"]]) {
		wants(`${kind} that only ${left} has`, await one(`SELECT count(*) FROM (SELECT ${columns} FROM ${left} EXCEPT ALL SELECT ${columns} FROM ${right})`), 0);
	}
	for (const name of names) {
		wants(`${name} that differ as numbers`, await one(`SELECT count(*) FROM csv JOIN parquet ON csv.symbol = parquet.symbol AND csv.sequence = parquet.sequence::VARCHAR
			WHERE csv.${name}::DECIMAL(38, 18) IS DISTINCT FROM parquet.${name}`), 0);
	}
	wants(`${kind} out of order`, await one(`SELECT count(*) FROM (SELECT ts_recv <= lag(ts_recv) OVER (ORDER BY file_row_number) AS back,
		sequence <= lag(sequence) OVER (PARTITION BY symbol ORDER BY file_row_number) AS older FROM parquet) WHERE back OR older`), 0);
	wants(`times of ${kind} finer than a microsecond`, await one("SELECT count(*) > 0 FROM parquet WHERE epoch_ns(ts_recv) % 1000 <> 0"), true);
	await connection.run(`CREATE TEMP TABLE ${kind} AS SELECT symbol, sequence FROM parquet; DROP TABLE parquet; DROP TABLE csv; DROP TABLE shown`);
	console.log(`  ${count} ${kind}: the same rows, digits and order as the text`);
}

// together demands that quotes and trades have all numbers of each symbol, once.
async function together() {
	const symbols = await rows("SELECT symbol, count(*) AS events, min(sequence) AS first, max(sequence) AS last FROM (FROM quotes UNION ALL FROM trades) GROUP BY symbol");
	for (const s of symbols) {
		wants(`first sequence of ${s.symbol}`, s.first, 1);
		wants(`last sequence of ${s.symbol}`, s.last, s.events);
	}
	console.log(`  ${symbols.length} symbols, numbered from 1 without a hole`);
}

// minutes writes the text of a session again and again, each time a minute later and with later numbers: a recording that was killed after some minutes.
function minutes(csv, out, times) {
	const [header, ...lines] = readFileSync(csv, "utf8").trimEnd().split("\n");
	const parts = [header];
	for (let i = 0n; i < BigInt(times); i++) {
		for (const line of lines) {
			const fields = line.split(",");
			fields[1] = BigInt(fields[1]) + i * 60_000_000_000n;
			fields[3] = BigInt(fields[3]) + i * 1_000_000n;
			parts.push(fields.join(","));
		}
	}
	writeFileSync(out, parts.join("\n") + "\n");
}

// groups looks at the row groups of a recording that is some minutes long.
async function groups(kind, parquet, csv, times) {
	const found = await rows(`SELECT row_group_id AS id, row_group_num_rows AS rows, stats_min_value AS low, stats_max_value AS high
		FROM parquet_metadata('${parquet}') WHERE path_in_schema = 'ts_recv' ORDER BY id`);
	wants(`row groups of ${kind} are at least`, found.length >= Number(times), true);
	for (let i = 1; i < found.length; i++) {
		wants(`row group ${i} of ${kind} begins after the one before`, found[i].low > found[i - 1].high, true);
	}
	const count = await one(`SELECT count(*) FROM ${text(csv)}`);
	wants(`rows in the row groups of ${kind}`, found.reduce((sum, g) => sum + Number(g.rows), 0), count);
	wants(`packings of ${kind}`, (await rows(`SELECT DISTINCT compression FROM parquet_metadata('${parquet}')`)).map((r) => r.compression).join(), "ZSTD");
	for (const column of ["symbol", "sequence"]) {
		wants(`row groups of ${kind} without statistics of ${column}`, await one(`SELECT count(*) FROM parquet_metadata('${parquet}') WHERE path_in_schema = '${column}' AND stats_min_value IS NULL`), 0);
	}
	const middle = await one(`SELECT median(ts_recv::BIGINT)::BIGINT FROM ${text(csv)}`); // found with the statistics
	wants(`${kind} of the second half`, await one(`SELECT count(*) FROM read_parquet('${parquet}') WHERE ts_recv >= make_timestamp_ns(${middle})`),
		await one(`SELECT count(*) FROM ${text(csv)} WHERE ts_recv::BIGINT >= ${middle}`));
	console.log(`  ${count} ${kind} in ${found.length} row groups, packed with zstd, whose statistics follow on each other`);
}

const foreignSymbol = "BTCUSDT.BINANCE_USDM"; // two digits of prices, three of sizes
const foreignRows = 2000;

// foreign writes quotes as pandas does: doubles, which have been computed with, and the same times in every unit and as text.
async function foreign(csv, out) {
	const double = (column) => `${column}::DOUBLE * 1.1::DOUBLE / 1.1::DOUBLE AS ${column}`;
	await connection.run(`COPY (SELECT symbol, ${["bid_price", "bid_size", "ask_price", "ask_size"].map(double).join(", ")},
			make_timestamp_ns(ts_recv::BIGINT) AS ns, make_timestamp(ts_recv::BIGINT // 1000) AS us, make_timestamp_ms(ts_recv::BIGINT // 1000000)::TIMESTAMP_MS AS ms,
			strftime(make_timestamp_ns(ts_recv::BIGINT), '%Y-%m-%d %H:%M:%S.%n') AS text
		FROM ${text(csv)} WHERE symbol = '${foreignSymbol}' ORDER BY ts_recv::BIGINT LIMIT ${foreignRows}) TO '${out}' (FORMAT parquet)`);
	wants("doubles that are no decimals any more", await one(`SELECT count(*) > 0 FROM read_parquet('${out}') WHERE length(bid_price::VARCHAR) > 10`), true);
}

// readBack compares what feedsim made of that file, once by each of its times, with the text that it was made of.
async function readBack(csv, out) {
	const truncated = { ns: 1, us: 1000, ms: 1000000, text: 1 };
	for (const [unit, nanoseconds] of Object.entries(truncated)) {
		const source = `SELECT ts_recv::BIGINT // ${nanoseconds} * ${nanoseconds} AS ts_event, bid_price, bid_size, ask_price, ask_size FROM ${text(csv)} WHERE symbol = '${foreignSymbol}'
			ORDER BY ts_recv::BIGINT LIMIT ${foreignRows}`;
		const got = `SELECT ts_event::BIGINT AS ts_event, bid_price, bid_size, ask_price, ask_size FROM ${text(out)} WHERE symbol = '${foreignSymbol}/${unit}'`;
		wants(`rows by ${unit}`, await one(`SELECT count(*) FROM (${got})`), foreignRows);
		wants(`rows by ${unit} that differ`, await one(`SELECT count(*) FROM ((${source}) EXCEPT ALL (${got}))`), 0);
	}
	console.log(`  ${foreignRows} quotes of doubles, by times in ns, us and ms and as text: every digit is back`);
}

const [command, ...args] = process.argv.slice(2);
switch (command) {
	case "recorded": {
		const [recording, csv] = args;
		for (const kind of ["quotes", "trades"]) await recorded(kind, `${recording}/${kind}-*.parquet`, `${csv}/${kind}.csv`);
		await together();
		break;
	}
	case "minutes":
		minutes(...args);
		break;
	case "groups":
		await groups(...args);
		break;
	case "foreign":
		await foreign(...args);
		break;
	case "read-back":
		await readBack(...args);
		break;
	default:
		throw new Error(`there is no command ${command}`);
}

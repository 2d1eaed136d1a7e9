// What may be said aloud. An alarm that is wrong is a bank run: the same rules hold here as for the feeds (porlake/warehouse/findings.py).
import * as decimal from "./decimal.js";

/** @typedef {import("./data.js").Row} Row */

/** Columns of reserve_ratio that the rules look at. */
export const LOOKED_AT = ["basis", "is_covered", "is_complete", "is_covered_claimed", "is_covered_through", "is_covered_claimed_through", "liabilities", "reserves_onchain", "printed_ratio", "printed_hides_shortfall", "claimed_without_address", "contradicted_by_own_total", "is_repeat", "rows_refused", "rows_refused_unread", "claims_left_out", "claims_conflicting", "liabilities_conflicting", "liabilities_differ", "liabilities_proven_conflicting"];

/** Whether anything that is published contradicts a figure, or says that it may be short. @param {Row} row of reserve_ratio */
export function isDoubtful(row) {
  return ["contradicted_by_own_total", "is_repeat", "rows_refused", "rows_refused_unread", "claims_left_out", "claims_conflicting", "liabilities_conflicting", "liabilities_differ", "liabilities_proven_conflicting"].some((name) => Boolean(row[name]));
}

/** Whether the exchange itself states what is held, and it is not only seen at a list. @param {Row} row */
const isStated = (row) => row.basis === "claimed" || row.basis === "published";

/** Whether a row may be told as below 100 %: every holding was read, none of the measures reaches what is owed, with wrapped tokens looked through or not,
 * and neither the file nor the exchange says otherwise. @param {Row} row of reserve_ratio */
export function isBelow(row) {
  return (
    row.is_covered === false &&
    row.is_complete === true &&
    isStated(row) &&
    !isDoubtful(row) &&
    row.is_covered_claimed === false &&
    row.is_covered_through !== true &&
    row.is_covered_claimed_through !== true &&
    typeof row.liabilities === "string" &&
    typeof row.reserves_onchain === "string" &&
    decimal.compare(row.reserves_onchain, row.liabilities) < 0 &&
    (row.claimed_without_address === null || decimal.compare(row.claimed_without_address, "0") === 0) &&
    (row.printed_ratio === null || decimal.compare(row.printed_ratio, "100") < 0)
  );
}

/** Whether a printed ratio of 100 % and more may be told as hiding that less is claimed than owed. @param {Row} row of reserve_ratio */
export const isHidden = (row) => row.printed_hides_shortfall === true && isStated(row) && !isDoubtful(row);

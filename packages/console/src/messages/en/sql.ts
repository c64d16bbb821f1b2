/** Texts of the pages of sql. */
export const sql = {}

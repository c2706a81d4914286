// Why a file is refused, and why no verdict is possible here.
//
// Source: specification, bundles, "Defects".

/** The file does not hold: `defect` is a name of the specification's table. */
export class Refused extends Error {
  constructor(defect, what, { advice = "Ask for a complete file.", expected = "", found = "" } = {}) {
    super(what);
    this.name = "Refused";
    this.defect = defect;
    this.advice = advice;
    this.expected = expected;
    this.found = found;
  }
}

/** The file is of another log than that whose key the caller gave. */
export class OtherLog extends Refused {
  constructor(...parts) {
    super(...parts);
    this.name = "OtherLog";
  }
}

/** Nothing was decided: this browser, or this verifier, cannot check such a file or key. */
export class Unable extends Error {
  constructor(what) {
    super(what);
    this.name = "Unable";
  }
}

/** Throw unless `holds`. */
export function require_(holds, defect, what, details) {
  if (!holds) throw new Refused(defect, what, details);
}

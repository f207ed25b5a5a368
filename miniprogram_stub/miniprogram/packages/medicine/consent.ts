import { howAgreed, type Consent } from "../../utils/household";

/** The consent an act needs, where the server says that one has to ask: null where nobody is asked, at home and with a
 * standing consent; undefined when it was not said, and nothing is to be done. */
export async function agreed({ must_ask }: { must_ask: boolean }): Promise<Consent | null | undefined> {
  return must_ask ? ((await howAgreed()) ?? undefined) : null;
}

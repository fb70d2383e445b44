// From sessions to recommendations: each product of a basket is asked for its neighbours, the answers are put together per session, and the
// model learns the basket only then. So the session's last product, foretold from those before it, is an honest trial of what was known.
import { mapState, processFunction, t, valueState, type Infer } from "millrace";
import { MODEL, Recommendation, Similar, Trial, type Session } from "./topics.ts";
import { best, plusOne, Weight, weightAt, type Candidate } from "./weight.ts";

/** What a product (or everybody's taste) is asked, and what it then learns. */
export const Question = t.record("Question", {
  sessionId: t.string(),
  customerId: t.string(),
  at: t.timestamp(),
  product: t.string(),
  basket: t.array(t.string()),
  sentAt: t.optional(t.timestamp()),
});
export type Question = Infer<typeof Question>;

const Answer = t.record("Answer", {
  sessionId: t.string(),
  customerId: t.string(),
  at: t.timestamp(),
  /** "": what everybody buys. */
  product: t.string(),
  basket: t.array(t.string()),
  candidates: t.array(t.record("Candidate", { product: t.string(), score: t.double() })),
  sentAt: t.optional(t.timestamp()),
});
type Answer = Infer<typeof Answer>;

export const POPULAR = "";

/** One question per product of the basket, and one about what is popular. */
export function questions({ sessionId, customerId, until, products, sentAt }: Session): Question[] {
  const basket = products.slice(-MODEL.basket);
  return [...basket, POPULAR].map((product) => ({ sessionId, customerId, at: until, product, basket, sentAt }));
}

/** Per product: with what it was bought together, fading; kept to the strongest. */
export const neighbours = processFunction(Question, {
  output: Answer,
  side: { similar: Similar },
  state: { together: mapState(t.string(), Weight), bought: valueState(Weight), shown: valueState(t.string()) },
  onElement({ product, basket, at, sessionId, customerId, sentAt }, { state, emit, side }) {
    const damping = weightAt(state.bought.get(), at) ** MODEL.popularityDamping;
    const all: Candidate[] = [];
    for (const [other, weight] of state.together.entries()) all.push({ product: other, score: weightAt(weight, at) / damping });
    emit({ sessionId, customerId, at, product, basket, candidates: best(all, MODEL.neighboursOffered), sentAt });

    state.bought.set(plusOne(state.bought.get(), at));
    for (const other of basket) if (other !== product) state.together.set(other, plusOne(state.together.get(other), at));
    if (state.together.size > 2 * MODEL.neighboursKept) {
      const kept = new Set(best(all, MODEL.neighboursKept).map((each) => each.product));
      const others = [...state.together.keys()];
      for (const other of others) if (!kept.has(other) && !basket.includes(other)) state.together.delete(other);
    }
    const products = best(all, MODEL.recommended).map((each) => each.product);
    const text = products.join("\n");
    if (products.length > 0 && text !== state.shown.get()) {
      state.shown.set(text);
      side.similar({ product, at, products });
    }
  },
});

/** What everybody buys, fading; chosen anew every hour of event time. */
export const popularity = processFunction(Question, {
  output: Answer,
  state: { bought: mapState(t.string(), Weight), top: valueState(t.array(t.string())), chosenAt: valueState(t.timestamp()) },
  onElement({ basket, at, sessionId, customerId, sentAt }, { state, emit }) {
    if (at - (state.chosenAt.get() ?? Number.NEGATIVE_INFINITY) >= MODEL.popularEveryMs) {
      const all: Candidate[] = [];
      for (const [product, weight] of state.bought.entries()) all.push({ product, score: weightAt(weight, at) });
      state.top.set(best(all, MODEL.popularKept).map(({ product }) => product));
      state.chosenAt.set(at);
    }
    const candidates = (state.top.get() ?? []).map((product, index) => ({ product, score: -index }));
    emit({ sessionId, customerId, at, product: POPULAR, basket, candidates, sentAt });
    for (const product of basket) state.bought.set(product, plusOne(state.bought.get(product), at));
  },
});

/** Per session: waits for all answers, recommends, and tries the model on the basket's last product. */
export const merge = processFunction(Answer, {
  output: Recommendation,
  side: { trial: Trial },
  state: { answers: mapState(t.string(), Answer) },
  onElement(answer, { state, emit, side }) {
    state.answers.set(answer.product, answer);
    const { basket, sessionId, customerId, at, sentAt } = answer;
    if (state.answers.size <= basket.length) return;
    const answers = [...state.answers.values()] as Answer[];
    state.answers.clear();
    const popular = answers.find(({ product }) => product === POPULAR)!.candidates.map(({ product }) => product);
    emit({ customerId, sessionId, at, products: recommend(answers, basket, popular), sentAt });
    const target = basket.at(-1)!;
    const before = basket.slice(0, -1);
    if (before.length === 0) return;
    const foretold = recommend(
      answers.filter(({ product }) => product !== target),
      before,
      [],
    );
    const everybody = popular.filter((product) => !before.includes(product)).slice(0, MODEL.recommended);
    side.trial({ sessionId, at, rank: foretold.indexOf(target) + 1, popularityRank: everybody.indexOf(target) + 1 });
  },
});

/** The products that the basket's neighbours point to together; filled up with what is popular. */
function recommend(answers: readonly Answer[], basket: readonly string[], popular: readonly string[]): string[] {
  const scores = new Map<string, number>();
  const own = new Set(basket);
  for (const { product: from, candidates } of answers)
    if (from !== POPULAR)
      for (const { product, score } of candidates) if (!own.has(product)) scores.set(product, (scores.get(product) ?? 0) + score);
  const found = best(
    [...scores].map(([product, score]) => ({ product, score })),
    MODEL.recommended,
  ).map(({ product }) => product);
  const filled = popular.filter((product) => !own.has(product) && !scores.has(product));
  return [...found, ...filled].slice(0, MODEL.recommended);
}

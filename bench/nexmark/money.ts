// Prices in euros: 0.908 of the price, exact, as whole thousandths (DECIMAL(23, 3) in the published queries).

const RATE = 908;

export function inThousandths(price: number): number {
  return price * RATE;
}

export function decimalText(thousandths: number): string {
  const text = String(Math.abs(thousandths)).padStart(4, "0");
  return `${thousandths < 0 ? "-" : ""}${text.slice(0, -3)}.${text.slice(-3)}`;
}

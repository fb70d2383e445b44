// The watermark of a subtask's outputs: one cell that generated loops, output buffers and the subtask look at.

export class OutputWatermark {
  time = -Infinity;
}

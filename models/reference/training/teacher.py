"""The teacher: a MeshNet ONNX model, used as a function and never copied from."""
import numpy as np
import onnxruntime as ort


class Teacher:
    def __init__(self, path, threads=2):
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        # The volumes change their size: pattern caching would only hold memory.
        options.enable_mem_pattern = False
        # Spinning ORT threads would fight with the training's own threads.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self.session = ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        self.input = self.session.get_inputs()[0].name

    def logits(self, volume):
        """volume: float32 [D,H,W], scaled min-max to 0..1 -> float32 [3,D,H,W]."""
        volume = np.ascontiguousarray(volume, np.float32)
        return self.session.run(None, {self.input: volume[None, None]})[0][0]

    def probabilities(self, volume):
        y = self.logits(volume)
        y -= y.max(0, keepdims=True)
        np.exp(y, out=y)
        y /= y.sum(0, keepdims=True)
        return y

    def labels(self, volume):
        return self.logits(volume).argmax(0).astype(np.uint8)

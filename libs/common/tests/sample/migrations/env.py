from etter_common.db.migrations import run
from etter_common.testing.sample import Base, SampleSettings

run(SampleSettings, Base.metadata)
